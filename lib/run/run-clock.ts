import type { Clock, Timer } from './clock.js';

/**
 * The clock of one run: what the wall clock shows as the run begins, and from then on as much more as time passes. So
 * the times of a run are dates, and a step of the wall clock makes none of its durations longer, shorter or negative.
 */
export class RunClock implements Clock {
  #offset = 0;

  constructor(private readonly clock: Clock) {}

  /** The run begins now. */
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
