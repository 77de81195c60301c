/** How a task ended. A task that `timed-out` may still run. */
export type TaskOutcome = 'completed' | 'failed' | 'timed-out' | 'skipped';

/** How a phase ended: the worst outcome of its tasks, or `skipped` if it did not start. */
export type PhaseOutcome = TaskOutcome;

/** How a run ended: the worst outcome of its phases. A skipped phase is not a failure. */
export type RunOutcome = 'completed' | 'failed' | 'timed-out';

const SEVERITY: Readonly<Record<TaskOutcome, number>> = {
  skipped: 0,
  completed: 1,
  failed: 2,
  'timed-out': 3,
};

export function worse<T extends TaskOutcome>(a: T, b: T): T {
  return SEVERITY[b] > SEVERITY[a] ? b : a;
}
