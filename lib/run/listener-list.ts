import type { ShutdownEvent, ShutdownListener } from './events.js';
import { watchAnswer } from './foreign-call.js';

/** Those who hear of a run. What one of them throws harms neither the run nor the others. */
export class ListenerList {
  // Replaced and never changed: an event reaches all who listened when it happened.
  #listeners: readonly ShutdownListener[] = [];

  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void = () => undefined) {
    this.#onError = onError;
  }

  /** Calls the listener with every event from now on; the answer takes it off again. */
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
        // An async listener rejects instead of throwing.
        watchAnswer(listener(event), this.#onError);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
