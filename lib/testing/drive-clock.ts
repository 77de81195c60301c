import type { ManualClock } from './manual-clock.js';

/** Taken before a test can put a fake timer in its place. */
const { setTimeout: later } = globalThis;

/** What a drive needs to know. All times are real milliseconds. */
export interface Drive {
  /** How long nothing must have happened before the clock is moved to its next timer. */
  readonly patience: () => number;
  /** How long to wait where nothing is scheduled on the clock. */
  readonly limit: number;
  /** A number that grows with everything that happens. */
  readonly activity: () => number;
  /** Whether to stop waiting, whatever becomes of the promise. */
  readonly isOver: () => boolean;
  /** What is waited for, for the error. */
  readonly waitingFor: () => string;
}

/**
 * Moves a manual clock from timer to timer until a promise settles. Sockets, files and real timers take real
 * time, and nobody can be asked whether they will still bring something: so the clock is moved only when
 * nothing has happened for a while.
 *
 * @throws Error when the limit is reached and nothing is scheduled
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
    // Promises alone may be all that is needed.
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
      throw new Error(`${drive.waitingFor()} within ${drive.limit} ms, and nothing is scheduled.`);
    } else {
      // Counted in turns of the loop and not by a watch: a process that gets no time has had no chance either.
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
