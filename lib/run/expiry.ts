import type { Clock, Timer } from './clock.js';

/** Milliseconds by which a timer of a loop that is not blocked may come late. */
const PUNCTUAL = 5;

/**
 * Calls back when a time is over. Where the timer comes late, the process was stopped or its event loop was blocked,
 * and what has arrived meanwhile was not seen: it gets one more turn of the loop before the time counts as over.
 *
 * @param turnMs milliseconds that it gets in that case
 */
export function whenOver(clock: Clock, callback: () => void, delayMs: number, turnMs = 0): Timer {
  const dueAt = clock.now() + delayMs;
  let isUnref = false;
  let timer = clock.schedule(() => {
    if (clock.now() - dueAt <= PUNCTUAL) {
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
