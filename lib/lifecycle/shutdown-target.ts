import type { ShutdownReason } from '../plan/reason.js';
import type { AwaitedTask } from '../run/events.js';
import type { RunOutcome } from '../run/outcome.js';
import type { RunOptions } from '../run/shutdown-run.js';

/** The origin of a call that requests the shutdown. */
export type CallOrigin =
  /** A task of the run, which would wait for itself. */
  | { readonly kind: 'task'; readonly task: string }
  /** Work in flight, which the run no longer waits for. */
  | { readonly kind: 'work' }
  | { readonly kind: 'outside' };

/** The run of one application, as its triggers see it. */
export interface ShutdownTarget {
  readonly status: 'idle' | 'running' | 'finished';
  /**
   * Finds the handlers and checks the plan on the first call.
   *
   * @throws ShutdownConfigurationError with all configuration errors
   */
  prepare(): void;
  /** Logs the plan on the first call, after the application has started. */
  announce(): void;
  /** The origin of the current call. Ask before the first `await`. */
  origin(): CallOrigin;
  run(reason: ShutdownReason, options?: RunOptions): Promise<{ readonly outcome: RunOutcome }>;
  /** Resolves when the run has ended. Does not start it. */
  readonly ended: Promise<{ readonly outcome: RunOutcome }>;
  /** What the run waits for now. */
  readonly awaited: readonly AwaitedTask[];
}
