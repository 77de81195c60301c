import type { Notify } from '../notice.js';
import type { ShutdownReason } from '../plan/reason.js';
import type { ForcedEnd } from '../report/report-so-far.js';

/** An application that the process ends with. */
export interface GuardedApplication {
  readonly signals: readonly string[];
  readonly ipc: boolean;
  readonly fatalErrors: boolean;
  readonly abortSignal: AbortSignal | undefined;
  readonly exit: 'code' | 'signal' | 'none';
  /** Milliseconds from the trigger after which the process is ended, whatever still runs. */
  readonly exitLimit: number;
  /** What the guard of the process says is logged here too; `place` tells applications apart that log elsewhere. */
  readonly log: ProcessLog;
  readonly close: (reason: ShutdownReason) => Promise<void>;
  /** After the close: whether every task completed. */
  readonly isClean: () => boolean;
  /** What runs at this moment, for the last line of a process that ends before its time. */
  readonly running: () => readonly string[];
  /** The process is ended now; what is not done before the call returns is lost. */
  readonly onForcedEnd: (end: ForcedEnd, reason: Trigger) => void;
}

/** Where an application logs. */
export interface ProcessLog {
  /** The logger; `undefined` is Nest's, `false` is nowhere. */
  readonly place: unknown;
  readonly notice: Notify;
}

/** A reason for which the process ends. */
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

/** Whether the process ends for the reason, where `enableGracefulShutdown` was called and `exit` allows it. */
export function isTrigger(reason: ShutdownReason): reason is Trigger {
  return TRIGGER_KINDS.some((kind) => kind === reason.kind);
}
