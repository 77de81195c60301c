import type { Clock } from './clock.js';
import { runAlone } from './run-alone.js';
import type { StepQueue } from './step-queue.js';
import type { TaskExecution } from './task-execution.js';

/** A registered task in the hands of the one who registered it. */
export interface ShutdownRegistration extends Disposable, AsyncDisposable {
  readonly name: string;
  /**
   * Takes the task out of the shutdown without running it; says whether it had not begun to run.
   * `using` does the same at the end of its block.
   */
  unregister(): boolean;
  /**
   * Runs the task now, or joins it where it runs or ran already: its function is called once in all.
   * `await using` does it at the end of its block.
   *
   * Rejects with what the task threw, or with a `ShutdownTimeoutError` when its time is over.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a registration needs of the run that holds its task. */
export interface RegistrationHost {
  readonly clock: Clock;
  readonly steps: StepQueue;
  /** Milliseconds that a task of this phase has. */
  timeoutOf(execution: TaskExecution): number;
  drop(execution: TaskExecution): void;
}

export function registrationOf(execution: TaskExecution, host: RegistrationHost): ShutdownRegistration {
  const unregister = (): boolean => {
    const withdrawn = execution.withdraw();
    if (withdrawn) host.drop(execution);
    return withdrawn;
  };
  return {
    name: execution.task.name,
    unregister,
    [Symbol.dispose]() {
      unregister();
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve, reject) => {
        if (execution.status === 'withdrawn') {
          resolve();
          return;
        }
        runAlone(execution, {
          by: 'dispose',
          clock: host.clock,
          steps: host.steps,
          reason: { kind: 'dispose' },
          allowedMs: host.timeoutOf(execution),
          onEnded: (ending) => {
            host.drop(execution);
            if (ending.outcome === 'completed') resolve();
            else reject(ending.error);
          },
        });
      }),
  };
}
