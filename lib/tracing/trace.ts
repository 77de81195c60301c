import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel';
import type { Mode } from '../plan/phase.js';
import type { ShutdownReason } from '../plan/reason.js';
import type { InFlightItem } from '../plan/task.js';
import type { PhaseOutcome, RunOutcome, TaskOutcome } from '../run/outcome.js';

/**
 * A run, as its channel tells of it: the same object at each of its events, with the end filled in when it
 * has come. All times are milliseconds since the epoch.
 */
export interface RunTrace {
  readonly kind: 'run';
  readonly reason: ShutdownReason;
  readonly startedAt: number;
  /** When it ends at the latest. */
  readonly deadline: number;
  readonly endedAt?: number;
  readonly outcome?: RunOutcome;
}

/** A phase that has started, in its run. */
export interface PhaseTrace {
  readonly kind: 'phase';
  readonly run: RunTrace;
  readonly name: string;
  readonly mode: Mode;
  /** How many tasks it began with. */
  readonly taskCount: number;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly outcome?: PhaseOutcome;
}

/** A task that has started, in its phase. */
export interface TaskTrace {
  readonly kind: 'task';
  readonly phase: PhaseTrace;
  readonly name: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly outcome?: TaskOutcome;
  /** What it threw, or the `ShutdownTimeoutError` that ended it. */
  readonly error?: Error;
  /** It was still running when its time was over. */
  readonly abandoned?: boolean;
  /** The work that was in flight when its time was over. */
  readonly inFlight?: readonly InFlightItem[];
}

/** What the channels tell of. */
export type ShutdownTrace = RunTrace | PhaseTrace | TaskTrace;

/**
 * The tracing channels of Node for all shutdowns of the process: `tracing:nestjs-phased-shutdown.task:start`
 * and so on. `start` and `end` come one after the other as it begins, `asyncStart` and `asyncEnd` when it has
 * ended, and `error` before these where a task failed or its time was over.
 *
 * Who subscribes when a run has begun hears nothing of it. Node turns what a subscriber throws into an uncaught exception; `traceShutdown` does not.
 */
export const SHUTDOWN_CHANNELS: {
  readonly run: TracingChannel<unknown, RunTrace>;
  readonly phase: TracingChannel<unknown, PhaseTrace>;
  readonly task: TracingChannel<unknown, TaskTrace>;
} = {
  run: tracingChannel('nestjs-phased-shutdown.run'),
  phase: tracingChannel('nestjs-phased-shutdown.phase'),
  task: tracingChannel('nestjs-phased-shutdown.task'),
};
