import type { Clock, Timer } from '../run/clock.js';

/** The time of the machine, from a source that is not set back when its clock is corrected. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  schedule: (callback, delayMs): Timer => {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer), unref: () => void timer.unref() };
  },
};
