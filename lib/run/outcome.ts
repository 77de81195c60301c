/** How a task ended. `timed-out`: its time was over, whether or not it still runs. */
export type TaskOutcome = 'completed' | 'failed' | 'timed-out' | 'skipped';

/** How a phase ended: the worst of its tasks, or `skipped` where it did not start. */
export type PhaseOutcome = TaskOutcome;

/** How a run ended: the worst of its phases, where being skipped is no failure. */
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
