import type { ShutdownEvent, ShutdownListener } from './events.js';
import { watchAnswer } from './foreign-call.js';

/** The listeners of a run. What one of them throws affects neither the run nor the others. */
export class ListenerList {
  // Replaced, never mutated: an event reaches the listeners that were there when it happened.
  #listeners: readonly ShutdownListener[] = [];

  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void = () => undefined) {
    this.#onError = onError;
  }

  /** Calls the listener with every event from now on. Returns a function that removes it. */
  add(listener: ShutdownListener): () => void {
    const own: ShutdownListener = (event) => listener(event);
    this.#listeners = [...this.#listeners, own];
    return () => {
      this.#listeners = this.#listeners.filter((each) => each !== own);
    };
  }

  emit(event: ShutdownEvent): void {
    for (const listener of this.#listeners) {
      try {
        watchAnswer(listener(event), this.#onError);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
