import type { Clock, Timer } from './clock.js';

/**
 * The clock of one run: the wall clock time at its start, plus the monotonic time since. The times of a run are dates,
 * and a step of the wall clock changes none of its durations.
 */
export class RunClock implements Clock {
  #offset = 0;

  constructor(private readonly clock: Clock) {}

  /** Synchronizes with the wall clock, once, at the start of the run. */
  begin(): void {
    const now = this.clock.now();
    this.#offset = this.clock.dateOf(now) - now;
  }

  now(): number {
    return this.clock.now() + this.#offset;
  }

  dateOf(moment: number): number {
    return this.clock.dateOf(moment - this.#offset);
  }

  schedule(callback: () => void, delayMs: number): Timer {
    return this.clock.schedule(callback, delayMs);
  }
}
