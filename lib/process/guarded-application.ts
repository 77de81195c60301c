import type { Notify } from '../notice.js';
import type { ShutdownReason } from '../plan/reason.js';
import type { ForcedEnd } from '../report/report-so-far.js';

/** An application that the process guard closes before the process exits. */
export interface GuardedApplication {
  readonly signals: readonly string[];
  readonly ipc: boolean;
  readonly fatalErrors: boolean;
  readonly abortSignal: AbortSignal | undefined;
  readonly exit: 'code' | 'signal' | 'none';
  /** Milliseconds from the trigger until the process exits, even if work is still running. */
  readonly exitLimit: number;
  /** Where the process guard logs for this application. `place` distinguishes applications with different loggers. */
  readonly log: ProcessLog;
  readonly close: (reason: ShutdownReason) => Promise<void>;
  /** Whether every task completed. Valid after the close. */
  readonly isClean: () => boolean;
  /** The tasks running now, for the last log line of a process that exits early. */
  readonly running: () => readonly string[];
  /** Called right before the process exits. Only synchronous work is safe here. */
  readonly onForcedEnd: (end: ForcedEnd, reason: Trigger) => void;
}

/** Where an application logs. */
export interface ProcessLog {
  /** The logger: `undefined` means Nest's, `false` means none. */
  readonly place: unknown;
  readonly notice: Notify;
}

/** A reason after which the process exits. */
export type Trigger = Extract<ShutdownReason, { kind: TriggerKind }>;

type TriggerKind = (typeof TRIGGER_KINDS)[number];

const TRIGGER_KINDS = [
  'signal',
  'message',
  'error',
  'exit',
  'abort',
  'before-exit',
  'disconnect',
] as const satisfies readonly ShutdownReason['kind'][];

/** Whether the process exits for this reason, provided `enableGracefulShutdown` was called and `exit` allows it. */
export function isTrigger(reason: ShutdownReason): reason is Trigger {
  return TRIGGER_KINDS.some((kind) => kind === reason.kind);
}
