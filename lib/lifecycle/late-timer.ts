import type { Clock, Timer } from '../run/clock.js';

/** Milliseconds beyond its time from which a timer is late: the process was stopped, or its loop was blocked. */
const LATE = 100;

/** Milliseconds in which the loop then takes in what came meanwhile. */
const TURN = 100;

/**
 * A timer that does not take the time in which the process stood still for time that it was given: where it fires
 * late, it waits one more turn, since timers run before what has arrived is read.
 */
export function scheduleWithTurn(clock: Clock, callback: () => void, delayMs: number): Timer {
  const dueAt = clock.now() + Math.max(0, delayMs);
  let isReferenced = true;
  let timer = clock.schedule(() => {
    if (clock.now() - dueAt < LATE) {
      callback();
      return;
    }
    timer = clock.schedule(callback, TURN);
    if (!isReferenced) timer.unref();
  }, delayMs);
  return {
    cancel: () => timer.cancel(),
    unref: () => {
      isReferenced = false;
      timer.unref();
    },
  };
}
