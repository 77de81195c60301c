import type { InFlightItem } from '../plan/task.js';
import type { Clock } from '../run/clock.js';

/**
 * Pieces of work of one kind that have started and not ended, by name. Unlike `InFlightWork` it never refuses work.
 */
export class ItemsInFlight {
  readonly #items = new Set<{ readonly name: string; readonly startedAt: number }>();
  #waiting: (() => void)[] = [];

  constructor(private readonly clock: Clock) {}

  /** Oldest first. */
  get items(): readonly InFlightItem[] {
    const now = this.clock.now();
    return Array.from(this.#items, ({ name, startedAt }) => ({ name, ageMs: now - startedAt }));
  }

  /** Counts a piece of work until the returned function is called. Further calls do nothing. */
  begin(name: string): () => void {
    const item = { name, startedAt: this.clock.now() };
    this.#items.add(item);
    return () => {
      this.#items.delete(item);
      if (this.#items.size > 0) return;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve();
    };
  }

  /** Resolves when nothing is in flight. */
  async idle(): Promise<void> {
    // Another may have started before the caller's `await` continues.
    while (this.#items.size > 0) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }
}
