import type { Mode } from '../plan/phase.js';
import type { ShutdownReason } from '../plan/reason.js';
import type { InFlightItem } from '../plan/task.js';
import type { PhaseOutcome, RunOutcome, TaskOutcome } from './outcome.js';

/** Why a phase or a task did not start. */
export type SkipCause =
  /** The phase is disabled. */
  | 'disabled'
  /** A phase before it did not complete, and says `onFailure: 'abort'`. */
  | 'aborted'
  /** The run started from a later phase. */
  | 'before-from'
  /** The time of the phase was over before the task's turn came. */
  | 'phase-timeout'
  /** The time of the whole run was over. */
  | 'deadline';

/** A task that the run waits for. */
export interface AwaitedTask {
  readonly phase: string;
  readonly task: string;
  readonly elapsedMs: number;
  readonly allowedMs: number;
  /** Milliseconds that it waits on purpose, as `shutdownDelay` does. */
  readonly expectedMs?: number;
  readonly inFlight?: readonly InFlightItem[];
}

/**
 * What happens during a run, in order; `at` is the Clock's time in milliseconds since the epoch. A task is
 * known by `id`, since a name may be given again once its task has ended.
 */
export type ShutdownEvent =
  | {
      readonly type: 'run-started';
      readonly at: number;
      readonly reason: ShutdownReason;
      /** When the run ends at the latest. */
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

/** What happens to one task of a run. */
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
      /** The task was still running when its time was over. */
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
      /** Milliseconds since its time was over. */
      readonly lateMs: number;
      readonly outcome: 'completed' | 'failed';
      readonly error?: Error;
    };

/** Told every event of a run; what it throws is noted, and changes nothing. */
export type ShutdownListener = (event: ShutdownEvent) => void;
