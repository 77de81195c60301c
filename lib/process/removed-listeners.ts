import type { EventEmitter } from 'node:events';

/**
 * Counts listeners removed in this turn of the event loop. A `once()` listener is removed before it is called, and
 * still counts as listening to the signal being delivered.
 */
export class RemovedListeners {
  readonly #events: unknown[] = [];
  #watchers = 0;

  constructor(private readonly emitter: EventEmitter) {}

  /** Starts watching; returns a function that stops it. All watchers share one listener. */
  watch(): () => void {
    this.#watchers += 1;
    if (this.#watchers === 1) this.emitter.on('removeListener', this.#note);
    return () => {
      this.#watchers -= 1;
      if (this.#watchers === 0) this.emitter.off('removeListener', this.#note);
    };
  }

  count(event: string): number {
    return this.#events.filter((each) => each === event).length;
  }

  readonly #note = (event: unknown): void => {
    this.#events.push(event);
    queueMicrotask(() => void this.#events.shift());
  };
}
