import type { Clock, Timer } from '../run/clock.js';

/** Read once: reading it takes longer than reading the time. */
const { timeOrigin } = performance;

const now = (): number => timeOrigin + performance.now();

/** The monotonic time of the machine: correcting the system clock does not move it. */
export const systemClock: Clock = {
  now,
  dateOf: (moment) => Date.now() + (moment - now()),
  schedule: (callback, delayMs): Timer => {
    // A timer without delay can fire before the loop has polled for I/O; an immediate runs after that.
    if (delayMs <= 0) {
      const immediate = setImmediate(callback);
      return { cancel: () => clearImmediate(immediate), unref: () => void immediate.unref() };
    }
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer), unref: () => void timer.unref() };
  },
};
