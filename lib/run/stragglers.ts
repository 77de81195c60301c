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

/** The tasks that were registered when their phase had ended: each runs at once, in parallel with all others. */
export class Stragglers {
  readonly #executions = new Set<TaskExecution>();

  get isEmpty(): boolean {
    return this.#executions.size === 0;
  }

  /**
   * Runs the task in a step of its own. `onEnded` is called when it is no longer among the stragglers.
   *
   * @param allowedMs milliseconds until its time is over
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
