import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel';
import type { Mode } from '../plan/phase.js';
import type { ShutdownReason } from '../plan/reason.js';
import type { InFlightItem } from '../plan/task.js';
import type { PhaseOutcome, RunOutcome, TaskOutcome } from '../run/outcome.js';

/**
 * A run on its channel. All its events carry the same object; `endedAt` and `outcome` are set when it ends. All times
 * are in milliseconds since the epoch.
 */
export interface RunTrace {
  readonly kind: 'run';
  readonly reason: ShutdownReason;
  readonly startedAt: number;
  /** The hard deadline of the run. */
  readonly deadline: number;
  readonly endedAt?: number;
  readonly outcome?: RunOutcome;
}

/** A started phase of a run. */
export interface PhaseTrace {
  readonly kind: 'phase';
  readonly run: RunTrace;
  readonly name: string;
  readonly mode: Mode;
  /** The number of tasks at its start. */
  readonly taskCount: number;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly outcome?: PhaseOutcome;
}

/** A started task of a phase. */
export interface TaskTrace {
  readonly kind: 'task';
  readonly phase: PhaseTrace;
  readonly name: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly outcome?: TaskOutcome;
  /** What it threw, or a `ShutdownTimeoutError`. */
  readonly error?: Error;
  /** It was still running when it timed out. */
  readonly abandoned?: boolean;
  /** The work in flight when it timed out. */
  readonly inFlight?: readonly InFlightItem[];
}

/** The message of every channel. */
export type ShutdownTrace = RunTrace | PhaseTrace | TaskTrace;

/**
 * The Node tracing channels for all shutdowns of the process, named `tracing:nestjs-phased-shutdown.task:start` and so
 * on. `start` and `end` are published at the start, `asyncStart` and `asyncEnd` at the end, preceded by `error` if a
 * task failed or timed out.
 *
 * Subscribe before the run starts. Node turns what a subscriber throws into an uncaught exception; `traceShutdown` logs
 * it instead.
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
