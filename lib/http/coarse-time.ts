import type { Clock } from '../run/clock.js';

/** Milliseconds of resolution. */
const TICK = 100;

/** The time of a clock, for callers that need it many thousand times a second. */
export class CoarseTime {
  #now: number | undefined;

  constructor(private readonly clock: Clock) {}

  now(): number {
    return this.#now ?? this.#tick();
  }

  #tick(): number {
    const now = this.clock.now();
    this.#now = now;
    // Not a repeating timer: an idle server should cost nothing.
    this.clock.schedule(() => (this.#now = undefined), TICK).unref();
    return now;
  }
}
