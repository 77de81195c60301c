import type { Mode } from '../plan/phase.js';
import type { ShutdownReason } from '../plan/reason.js';
import type { InFlightItem } from '../plan/task.js';
import type { SkipCause } from '../run/events.js';
import type { PhaseOutcome, RunOutcome, TaskOutcome } from '../run/outcome.js';

/** How a task stands in a report: how it ended, or that it still runs. */
export type ReportedTaskOutcome = TaskOutcome | 'running';

/** How a phase stands in a report: how it ended, that it runs, or that its turn has not come. */
export type ReportedPhaseOutcome = PhaseOutcome | 'waiting' | 'running';

/** What happened to one task. Times are in milliseconds, `startMs` from the start of the run. */
export interface TaskReport {
  readonly name: string;
  readonly outcome: ReportedTaskOutcome;
  readonly startMs: number;
  readonly durationMs: number;
  /** What it threw, with its cause, or the `ShutdownTimeoutError` that ended it. */
  readonly error?: Error;
  /** Its time was over while it still ran. */
  readonly abandoned?: true;
  /** Why it did not start. */
  readonly skippedBecause?: SkipCause;
  /** Milliseconds after its time was over at which an abandoned task settled after all. */
  readonly settledLateMs?: number;
  /** The work that was in flight when its time was over. */
  readonly inFlight?: readonly InFlightItem[];
}

/** What happened in one phase. */
export interface PhaseReport {
  readonly name: string;
  readonly mode: Mode;
  readonly outcome: ReportedPhaseOutcome;
  readonly startMs: number;
  readonly durationMs: number;
  readonly skippedBecause?: SkipCause;
  /** In the order in which they started. */
  readonly tasks: readonly TaskReport[];
}

/** What happened in a run: its entries in order are the timeline. */
export interface ShutdownReport {
  /** Why it ran: the first reason. */
  readonly reason: ShutdownReason;
  /** The reasons of those who asked while it ran. */
  readonly joinedReasons: readonly ShutdownReason[];
  readonly outcome: RunOutcome;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** In the order of the plan. */
  readonly phases: readonly PhaseReport[];
  /** What ended the process before it could leave by itself. */
  readonly endedBy?: ProcessEnd;
}

/**
 * What ended the process before it could leave by itself; `atMs` in milliseconds from the start of the run.
 *
 * - `deadline`: the grace period was nearly over.
 * - `escalation`: a second signal came.
 * - `fatal-error`: a second uncaught exception or unhandled rejection came.
 * - `kept-alive`: everything was closed, and something that is named kept the process alive.
 * - `exit`: something else ended it in the middle of the run, with this exit code: a call of `process.exit()`, or
 *   an uncaught exception that nobody listened to.
 */
export type ProcessEnd =
  | { readonly kind: 'deadline'; readonly atMs: number }
  | { readonly kind: 'escalation'; readonly atMs: number; readonly signal: string }
  | { readonly kind: 'fatal-error'; readonly atMs: number; readonly error: unknown }
  | { readonly kind: 'kept-alive'; readonly atMs: number; readonly leftovers: readonly string[] }
  | { readonly kind: 'exit'; readonly atMs: number; readonly code: number };

/** What has happened up to now in a run that goes on, or went on when the process was ended. */
export interface RunningReport extends Omit<ShutdownReport, 'outcome'> {
  readonly outcome: 'running';
}
