import type { ShutdownReason } from '../plan/reason.js';
import type { AwaitedTask } from '../run/events.js';
import type { RunOutcome } from '../run/outcome.js';
import type { RunOptions } from '../run/shutdown-run.js';

/** Where a call comes from that asks for the shutdown. */
export type CallOrigin =
  /** A task of the run: it would wait for itself. */
  | { readonly kind: 'task'; readonly task: string }
  /** Work in flight, which is not waited for any more. */
  | { readonly kind: 'work' }
  | { readonly kind: 'outside' };

/** The run of one application, as those see it that start it. */
export interface ShutdownTarget {
  readonly status: 'idle' | 'running' | 'finished';
  /**
   * Finds the handlers and checks the plan; once, whoever asks first.
   *
   * @throws ShutdownConfigurationError with all mistakes
   */
  prepare(): void;
  /** Tells the plan, once: the application has started. */
  announce(): void;
  /** Where the call comes from that is being made; to be asked before anything is awaited. */
  origin(): CallOrigin;
  run(reason: ShutdownReason, options?: RunOptions): Promise<{ readonly outcome: RunOutcome }>;
  /** Resolves when the run has ended; it does not start it. */
  readonly ended: Promise<{ readonly outcome: RunOutcome }>;
  /** What the run waits for at this moment. */
  readonly awaited: readonly AwaitedTask[];
}
