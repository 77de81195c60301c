import { timeLeft } from '../plan/time-budget.js';

/** A timer that was started and can be taken back. */
export interface Timer {
  /** Does nothing once it has fired. */
  cancel(): void;
  /** Lets the process end although the timer still runs. */
  unref(): void;
}

/** The only way by which the engine knows time. All times are in milliseconds. */
export interface Clock {
  /** Milliseconds since the epoch, as the wall clock stood when the process started; a step of the wall clock does not change it. */
  now(): number;
  /** What the wall clock shows at a moment of `now()`: comparable with `Date.now()`, also after a step of the wall clock. */
  dateOf(moment: number): number;
  /**
   * Calls back once, when this much time has passed. With no delay that is the next turn of the event loop, after the
   * callbacks of what has arrived by then.
   */
  schedule(callback: () => void, delayMs: number): Timer;
}

/** Milliseconds that are left until an instant of the wall clock, such as the `deadline` of a context. */
export function millisecondsUntil(deadline: number, clock: Clock): number {
  return timeLeft(deadline, clock.dateOf(clock.now()));
}
