import type { Clock, Timer } from '../run/clock.js';

/** Asked for once: it takes longer to ask for than the time itself. */
const { timeOrigin } = performance;

const now = (): number => timeOrigin + performance.now();

/** The time of the machine, from a source that is not set back when its clock is corrected. */
export const systemClock: Clock = {
  now,
  dateOf: (moment) => Date.now() + (moment - now()),
  schedule: (callback, delayMs): Timer => {
    // A timer of no delay can fire before the loop has looked at what has arrived; an immediate comes after that.
    if (delayMs <= 0) {
      const immediate = setImmediate(callback);
      return { cancel: () => clearImmediate(immediate), unref: () => void immediate.unref() };
    }
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer), unref: () => void timer.unref() };
  },
};
