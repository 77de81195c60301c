import type { ShutdownReason } from '../plan/reason.js';
import type { ForcedEnd } from '../report/report-so-far.js';

/** An application that the process ends with. */
export interface GuardedApplication {
  readonly signals: readonly string[];
  readonly ipc: boolean;
  readonly fatalErrors: boolean;
  readonly exit: 'code' | 'signal' | 'none';
  /** Milliseconds from the trigger after which the process is ended, whatever still runs. */
  readonly exitLimit: number;
  readonly close: (reason: ShutdownReason) => Promise<void>;
  /** After the close: whether every task completed. */
  readonly isClean: () => boolean;
  /** What runs at this moment, for the last line of a process that ends before its time. */
  readonly running: () => readonly string[];
  /** The process is ended now; what is not done before the call returns is lost. */
  readonly onForcedEnd: (end: ForcedEnd, reason: Trigger) => void;
}

/** A reason that comes from outside the application. */
export type Trigger = Extract<ShutdownReason, { kind: 'signal' | 'message' | 'error' }>;
