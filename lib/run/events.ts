import type { Mode } from '../plan/phase.js';
import type { ShutdownReason } from '../plan/reason.js';
import type { InFlightItem } from '../plan/task.js';
import type { PhaseOutcome, RunOutcome, TaskOutcome } from './outcome.js';

/** Why a phase or a task did not start. */
export type SkipCause =
  /** The phase is disabled. */
  | 'disabled'
  /** An earlier phase with `onFailure: 'abort'` did not complete. */
  | 'aborted'
  /** The run started from a later phase. */
  | 'before-from'
  /** The phase timed out before the task could start. */
  | 'phase-timeout'
  /** The deadline of the run had passed. */
  | 'deadline';

/** A task that the run waits for. */
export interface AwaitedTask {
  readonly phase: string;
  readonly task: string;
  /** Milliseconds since it started. */
  readonly elapsedMs: number;
  /** Its timeout in milliseconds. */
  readonly allowedMs: number;
  /** Milliseconds that it waits on purpose, as `shutdownDelay` does. */
  readonly expectedMs?: number;
  /** What it waits for. */
  readonly inFlight?: readonly InFlightItem[];
}

/**
 * An event of a run. `at` is in milliseconds since the epoch. `id` identifies a task, since another task may reuse the
 * name of one that has ended.
 */
export type ShutdownEvent =
  | {
      readonly type: 'run-started';
      readonly at: number;
      readonly reason: ShutdownReason;
      /** The hard deadline of the run, in milliseconds since the epoch. */
      readonly deadline: number;
      readonly phases: readonly { readonly name: string; readonly mode: Mode }[];
    }
  | { readonly type: 'run-joined'; readonly at: number; readonly reason: ShutdownReason }
  | {
      readonly type: 'run-progress';
      readonly at: number;
      readonly elapsedMs: number;
      readonly awaited: readonly AwaitedTask[];
    }
  | { readonly type: 'run-finished'; readonly at: number; readonly outcome: RunOutcome }
  | {
      readonly type: 'phase-started';
      readonly at: number;
      readonly phase: string;
      readonly taskCount: number;
    }
  | {
      readonly type: 'phase-finished';
      readonly at: number;
      readonly phase: string;
      readonly outcome: PhaseOutcome;
    }
  | {
      readonly type: 'phase-skipped';
      readonly at: number;
      readonly phase: string;
      readonly cause: SkipCause;
      readonly taskCount: number;
    }
  | TaskEvent;

/** An event of one task. */
export type TaskEvent =
  | {
      readonly type: 'task-started';
      readonly at: number;
      readonly id: number;
      readonly phase: string;
      readonly task: string;
    }
  | {
      readonly type: 'task-finished';
      readonly at: number;
      readonly id: number;
      readonly phase: string;
      readonly task: string;
      readonly outcome: TaskOutcome;
      readonly error?: Error;
      /** The task timed out and still runs. */
      readonly abandoned: boolean;
      readonly inFlight?: readonly InFlightItem[];
    }
  | {
      readonly type: 'task-skipped';
      readonly at: number;
      readonly id: number;
      readonly phase: string;
      readonly task: string;
      readonly cause: SkipCause;
    }
  | {
      readonly type: 'task-settled-late';
      readonly at: number;
      readonly id: number;
      readonly phase: string;
      readonly task: string;
      /** Milliseconds between the timeout of the task and its end. */
      readonly lateMs: number;
      readonly outcome: 'completed' | 'failed';
      readonly error?: Error;
    };

/** Receives every event of a run. What it throws is logged and does not affect the run. */
export type ShutdownListener = (event: ShutdownEvent) => void;
