import type { AwaitedTask } from './events.js';
import type { RunScope } from './phase-execution.js';
import { runAlone } from './run-alone.js';
import { emitEnding, emitStarted } from './task-events.js';
import type { Ending, TaskExecution } from './task-execution.js';
import { Turn } from './turn.js';

interface StragglerPorts {
  readonly allowedMs: number;
  readonly scope: RunScope;
  readonly onEnded: (ending: Ending | { readonly outcome: 'withdrawn' }) => void;
}

/** The tasks that were registered when their phase had ended: each runs at once, beside all others. */
export class Stragglers {
  readonly #turns = new Set<Turn>();

  get isEmpty(): boolean {
    return this.#turns.size === 0;
  }

  /**
   * Runs the task in a step of its own. `onEnded` is called when it is no longer among the stragglers.
   *
   * @param allowedMs milliseconds until its time is over
   */
  run(execution: TaskExecution, { allowedMs, scope, onEnded }: StragglerPorts): void {
    const turn = new Turn(execution);
    turn.startedAt = scope.clock.now();
    turn.allowedMs = allowedMs;
    this.#turns.add(turn);
    scope.steps.later(() => {
      if (execution.status === 'withdrawn') {
        this.#turns.delete(turn);
        onEnded({ outcome: 'withdrawn' });
        return;
      }
      runAlone(execution, {
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
            this.#turns.delete(turn);
            onEnded(ending);
          }),
      });
    });
  }

  awaited(now: number): readonly AwaitedTask[] {
    return Array.from(this.#turns, (turn) => turn.awaited(now));
  }
}
