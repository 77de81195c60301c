import { duration } from '../plan/time-budget.js';
import type { Timer } from './clock.js';
import { ShutdownTimeoutError } from './errors.js';
import type { AwaitedTask } from './events.js';
import { inFlightOf } from './task-events.js';
import type { TaskExecution } from './task-execution.js';

/** A task's turn in the run: queued → started → ended, or queued → ended where it was withdrawn or skipped. */
export class Turn {
  status: 'queued' | 'started' | 'ended' = 'queued';
  /** Its place in the graph of its phase. */
  node = 0;
  startedAt = 0;
  allowedMs = 0;
  timer: Timer | undefined = undefined;

  constructor(readonly execution: TaskExecution) {}

  /** The time of the task is over. */
  expire(): void {
    const { task, phase } = this.execution;
    this.execution.expire(new ShutdownTimeoutError(task.name, phase, this.allowedMs));
  }

  /** What the run waits for, where the task runs. */
  awaited(now: number): AwaitedTask {
    const { task, phase } = this.execution;
    return {
      phase,
      task: task.name,
      elapsedMs: duration(now - this.startedAt),
      allowedMs: duration(this.allowedMs),
      ...(task.expectedMs === undefined ? {} : { expectedMs: task.expectedMs }),
      ...inFlightOf(task),
    };
  }
}
