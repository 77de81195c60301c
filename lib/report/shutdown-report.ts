import type { Mode } from '../plan/phase.js';
import type { ShutdownReason } from '../plan/reason.js';
import type { InFlightItem } from '../plan/task.js';
import type { SkipCause } from '../run/events.js';
import type { PhaseOutcome, RunOutcome, TaskOutcome } from '../run/outcome.js';

/** The outcome of a task, or `running` in the report of an unfinished run. */
export type ReportedTaskOutcome = TaskOutcome | 'running';

/** The outcome of a phase, or `waiting` and `running` in the report of an unfinished run. */
export type ReportedPhaseOutcome = PhaseOutcome | 'waiting' | 'running';

/** One task of the report. Times are in milliseconds; `startMs` counts from the start of the run. */
export interface TaskReport {
  readonly name: string;
  readonly outcome: ReportedTaskOutcome;
  readonly startMs: number;
  readonly durationMs: number;
  /** What it threw, or a `ShutdownTimeoutError`. */
  readonly error?: Error;
  /** It was still running when it timed out, or when the process was ended. */
  readonly abandoned?: true;
  /** Why it did not start. */
  readonly skippedBecause?: SkipCause;
  /** Milliseconds between the timeout of an abandoned task and its end, if it ended after all. */
  readonly settledLateMs?: number;
  /** The work in flight when it timed out. */
  readonly inFlight?: readonly InFlightItem[];
}

/** One phase of the report. Times are in milliseconds; `startMs` counts from the start of the run. */
export interface PhaseReport {
  readonly name: string;
  readonly mode: Mode;
  readonly outcome: ReportedPhaseOutcome;
  readonly startMs: number;
  readonly durationMs: number;
  /** Why it did not start. */
  readonly skippedBecause?: SkipCause;
  /** In the order in which they started. */
  readonly tasks: readonly TaskReport[];
}

/** The report of a shutdown. */
export interface ShutdownReport {
  /** Why the app shut down: the first reason. */
  readonly reason: ShutdownReason;
  /** The reasons of later triggers during the run, in order. */
  readonly joinedReasons: readonly ShutdownReason[];
  readonly outcome: RunOutcome;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Milliseconds from the start of the run to its end. */
  readonly durationMs: number;
  /** All phases of the plan, in its order. */
  readonly phases: readonly PhaseReport[];
  /** What ended the process before it could exit on its own. */
  readonly endedBy?: ProcessEnd;
}

/**
 * What ended the process before it could exit on its own. `atMs` is in milliseconds from the start of the run.
 *
 * - `deadline`: the grace period was nearly over.
 * - `escalation`: a second signal arrived.
 * - `fatal-error`: a second uncaught exception or unhandled rejection occurred.
 * - `kept-alive`: the shutdown was complete, but `leftovers` kept the process alive.
 * - `exit`: something else ended it during the run, with exit code `code`: a call of `process.exit()`, or an uncaught
 *   exception without a listener.
 */
export type ProcessEnd =
  | { readonly kind: 'deadline'; readonly atMs: number }
  | { readonly kind: 'escalation'; readonly atMs: number; readonly signal: string }
  | { readonly kind: 'fatal-error'; readonly atMs: number; readonly error: unknown }
  | { readonly kind: 'kept-alive'; readonly atMs: number; readonly leftovers: readonly string[] }
  | { readonly kind: 'exit'; readonly atMs: number; readonly code: number };

/** The report of an unfinished run: it still runs, or the process was ended during the run. */
export interface RunningReport extends Omit<ShutdownReport, 'outcome'> {
  readonly outcome: 'running';
}
