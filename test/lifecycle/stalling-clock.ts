import { ManualClock } from '../../lib/testing/manual-clock.js';
import type { Clock, Timer } from '../../lib/run/clock.js';

/** A manual clock of a process that can be stopped: its timers then fire later than they were due. */
export class StallingClock implements Clock {
  readonly manual = new ManualClock();
  #stalledMs = 0;

  now(): number {
    return this.manual.now() + this.#stalledMs;
  }

  dateOf(moment: number): number {
    return this.manual.dateOf(moment);
  }

  schedule(callback: () => void, delayMs: number): Timer {
    return this.manual.schedule(callback, delayMs);
  }

  /** Lets time pass in which nothing runs. */
  stall(ms: number): void {
    this.#stalledMs += ms;
  }
}
