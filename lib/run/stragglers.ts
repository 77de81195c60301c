import type { AwaitedTask } from './events.js';
import type { RunScope } from './phase-execution.js';
import { runAlone } from './run-alone.js';
import { awaitedTask, emitEnding, emitStarted } from './task-events.js';
import type { Ending, TaskExecution } from './task-execution.js';

interface StragglerPorts {
  readonly allowedMs: number;
  readonly scope: RunScope;
  readonly onEnded: (ending: Ending | { readonly outcome: 'withdrawn' }) => void;
}

/** Tasks that were registered after their phase has ended. Each runs immediately, in parallel with everything else. */
export class Stragglers {
  readonly #executions = new Set<TaskExecution>();

  get isEmpty(): boolean {
    return this.#executions.size === 0;
  }

  /**
   * Runs the task in a separate step, then removes it and calls `onEnded`.
   *
   * @param allowedMs the timeout in milliseconds
   */
  run(execution: TaskExecution, { allowedMs, scope, onEnded }: StragglerPorts): void {
    this.#executions.add(execution);
    scope.steps.later(() => {
      if (execution.status === 'withdrawn') {
        this.#executions.delete(execution);
        onEnded({ outcome: 'withdrawn' });
        return;
      }
      runAlone(execution, {
        by: 'run',
        clock: scope.clock,
        steps: scope.steps,
        reason: scope.reason,
        onListenerError: scope.onListenerError,
        allowedMs,
        latest: scope.deadline,
        onClaimed: () => scope.steps.at(execution.depth, () => emitStarted(execution, scope)),
        onEnded: (ending) =>
          scope.steps.now(() => {
            emitEnding(execution, ending, scope);
            this.#executions.delete(execution);
            onEnded(ending);
          }),
      });
    });
  }

  awaited(now: number): readonly AwaitedTask[] {
    return [...this.#executions].flatMap((execution) => awaitedTask(execution, now) ?? []);
  }
}
