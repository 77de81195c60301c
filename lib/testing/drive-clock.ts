import type { ManualClock } from './manual-clock.js';

/** Captured before a test can install fake timers. */
const { setTimeout: later } = globalThis;

/** What driving the clock needs. All times are real milliseconds. */
export interface Drive {
  /** How long nothing must happen before the clock advances to its next timer. */
  readonly patience: () => number;
  /** How long to wait if no timer is scheduled on the clock. */
  readonly limit: number;
  /** A number that grows with every event. */
  readonly activity: () => number;
  /** Whether to stop waiting, even if the promise is pending. */
  readonly isOver: () => boolean;
  /** What the caller waits for; appears in the error. */
  readonly waitingFor: () => string;
}

/**
 * Advances a fake clock from timer to timer until a promise settles. Sockets, files and real timers take real time,
 * and nothing reveals whether they are still about to deliver something. So the clock advances only after a quiet
 * period.
 *
 * @throws Error if the limit is reached and no timer is scheduled
 */
export async function driveClock(clock: ManualClock, promise: Promise<unknown>, drive: Drive): Promise<void> {
  const seen = { settled: false };
  const note = (): void => {
    seen.settled = true;
  };
  promise.then(note, note);
  let activity = -1;
  let quietMs = 0;
  for (;;) {
    // Promises alone may be enough.
    await clock.advance(0);
    if (seen.settled || drive.isOver()) return;
    if (activity !== drive.activity()) {
      activity = drive.activity();
      quietMs = 0;
    }
    const { untilNext } = clock;
    if (untilNext !== undefined && quietMs >= drive.patience()) {
      await clock.advance(untilNext);
      quietMs = 0;
    } else if (untilNext === undefined && quietMs >= drive.limit) {
      throw new Error(`${drive.waitingFor()} within ${drive.limit} ms, and no timer is scheduled.`);
    } else {
      // Counted in turns of the event loop, not in wall time: a process without CPU time had no chance to make
      // progress.
      await turn();
      quietMs += 1;
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    later(resolve, 1);
  });
}
