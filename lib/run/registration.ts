import type { Clock } from './clock.js';
import { runAlone } from './run-alone.js';
import type { StepQueue } from './step-queue.js';
import type { TaskExecution } from './task-execution.js';

/** The handle of a registered task. */
export interface ShutdownRegistration extends Disposable, AsyncDisposable {
  readonly name: string;
  /**
   * Removes the task from the shutdown without running it. Returns `false` if it has started or was removed before.
   * `using` calls it at the end of the block.
   */
  unregister(): boolean;
  /**
   * Runs the task now, or joins a task that has started: its function is called once in total. `await using` does this
   * at the end of the block.
   *
   * Rejects with what the task threw, or with a `ShutdownTimeoutError` if it timed out.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a registration needs from the run that holds its task. */
export interface RegistrationHost {
  readonly clock: Clock;
  readonly steps: StepQueue;
  /** The timeout of the task in milliseconds. */
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
