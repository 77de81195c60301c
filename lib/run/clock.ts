import { timeLeft } from '../plan/time-budget.js';

/** A timer that has started. */
export interface Timer {
  /** Has no effect after the timer has fired. */
  cancel(): void;
  /** The timer no longer keeps the process alive. */
  unref(): void;
}

/** The engine's only source of time. All times are in milliseconds. */
export interface Clock {
  /** Monotonic time: the wall clock at process start plus the time passed, in milliseconds since the epoch. */
  now(): number;
  /** Converts a time of `now()` to wall clock time, comparable with `Date.now()`, also after a clock step. */
  dateOf(moment: number): number;
  /**
   * Calls back once, after the delay. A delay of 0 means the next turn of the event loop, after the callbacks of events
   * that have arrived by then.
   */
  schedule(callback: () => void, delayMs: number): Timer;
}

/** Milliseconds until a time of the wall clock, such as the `deadline` of a context; 0 if it has passed. */
export function millisecondsUntil(deadline: number, clock: Clock): number {
  return timeLeft(deadline, clock.dateOf(clock.now()));
}
