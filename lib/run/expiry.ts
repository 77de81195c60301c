import { deadlineAfter, timeUntil } from '../plan/time-budget.js';
import type { Clock, Timer } from './clock.js';

/** A timer of a loop that is not blocked is late by at most this many milliseconds. */
const PUNCTUAL = 5;

/**
 * Calls back when a time is over. A timer that is late shows that the process was stopped or its event loop blocked,
 * so nothing that arrived meanwhile has been seen: the loop gets one more turn before the time counts as over.
 *
 * @param turnMs milliseconds of that turn
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
 * Settles with a promise, or resolves with `'expired'` where that takes longer than `ms`. A promise that settles later
 * is ignored, also where it rejects. The timer keeps the process alive until then.
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
