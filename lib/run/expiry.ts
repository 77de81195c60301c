import { deadlineAfter, timeUntil } from '../plan/time-budget.js';
import type { Clock, Timer } from './clock.js';

/** Milliseconds by which a timer may be late while the event loop is not blocked. */
const PUNCTUAL = 5;

/**
 * Calls back after a delay. A late timer shows that the process was suspended or its event loop blocked, so events that
 * arrived meanwhile were not handled yet: the loop gets one more turn before the time counts as over.
 *
 * @param turnMs the length of that turn in milliseconds
 */
export function whenOver(clock: Clock, callback: () => void, delayMs: number, turnMs = 0): Timer {
  const dueAt = deadlineAfter(clock.now(), delayMs);
  let isUnref = false;
  let timer = clock.schedule(() => {
    if (timeUntil(dueAt, clock.now()) >= -PUNCTUAL) {
      callback();
      return;
    }
    timer = clock.schedule(callback, turnMs);
    if (isUnref) timer.unref();
  }, delayMs);
  return {
    cancel: () => timer.cancel(),
    unref: () => {
      isUnref = true;
      timer.unref();
    },
  };
}

/**
 * Settles with the promise, or resolves with `'expired'` after `ms` milliseconds. A later result or rejection is
 * ignored. The timer keeps the process alive until then.
 */
export function within<T>(
  promise: Promise<T>,
  { ms, clock }: { readonly ms: number; readonly clock: Clock },
): Promise<T | 'expired'> {
  return new Promise((resolve, reject) => {
    const timer = whenOver(clock, () => resolve('expired'), ms);
    promise.then(resolve, reject).finally(() => timer.cancel());
  });
}

export function pause(ms: number, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(resolve, ms);
  });
}
