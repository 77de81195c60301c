import type { Clock, Timer } from '../run/clock.js';

/** Asked for once: it takes longer to ask for than the time itself. */
const { timeOrigin } = performance;

/** The time of the machine, from a source that is not set back when its clock is corrected. */
export const systemClock: Clock = {
  now: () => timeOrigin + performance.now(),
  schedule: (callback, delayMs): Timer => {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer), unref: () => void timer.unref() };
  },
};
