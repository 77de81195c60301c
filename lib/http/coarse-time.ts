import type { Clock } from '../run/clock.js';

/** In milliseconds: how exact it is. */
const TICK = 100;

/** The time of a clock for what asks many thousand times a second. */
export class CoarseTime {
  #now: number | undefined;

  constructor(private readonly clock: Clock) {}

  now(): number {
    return this.#now ?? this.#tick();
  }

  #tick(): number {
    const now = this.clock.now();
    this.#now = now;
    // Not one timer after another: nobody asks a server that idles.
    this.clock.schedule(() => (this.#now = undefined), TICK).unref();
    return now;
  }
}
