import type { EventEmitter } from 'node:events';

/**
 * What lost a listener in this turn. One of `once()` is taken off before it is called, and still listens to the signal
 * that is being delivered.
 */
export class RemovedListeners {
  readonly #events: unknown[] = [];
  #watchers = 0;

  constructor(private readonly emitter: EventEmitter) {}

  /** Watches until the answer is called; one listener is enough for all who do. */
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
