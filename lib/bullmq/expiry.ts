import type { Clock, Timer } from '../run/clock.js';

/** A time that passes, unless it is cancelled. */
export class Expiry {
  readonly passed: Promise<'expired'>;
  #timer: Timer | undefined;

  constructor(clock: Clock, ms: number) {
    this.passed = new Promise((resolve) => {
      this.#timer = clock.schedule(() => resolve('expired'), ms);
    });
  }

  cancel(): void {
    this.#timer?.cancel();
  }
}
