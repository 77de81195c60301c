import type { InFlightItem } from '../plan/task.js';
import type { Clock } from '../run/clock.js';

/** The gRPC calls that have begun and not ended, by method. */
export class CallsInFlight {
  readonly #calls = new Set<{ readonly name: string; readonly startedAt: number }>();

  constructor(private readonly clock: Clock) {}

  /** The oldest first. */
  get items(): readonly InFlightItem[] {
    const now = this.clock.now();
    return Array.from(this.#calls, ({ name, startedAt }) => ({ name, ageMs: now - startedAt }));
  }

  /** Counts a call until the answer is called. */
  begin(name: string): () => void {
    const call = { name, startedAt: this.clock.now() };
    this.#calls.add(call);
    return () => void this.#calls.delete(call);
  }
}
