import type { ShutdownReason } from '../plan/reason.js';
import type { ShutdownContext } from '../plan/task.js';
import { isolateSignal } from './isolated-signal.js';

/** The context of one task. Most tasks never look at their signal, so it is made when they do. */
export class TaskContext implements ShutdownContext {
  readonly #onListenerError: ((error: unknown) => void) | undefined;
  #controller: AbortController | undefined;
  #abortedWith: Error | undefined;

  /**
   * @param onListenerError told what a listener of the signal throws
   */
  constructor(
    readonly reason: ShutdownReason,
    readonly phase: string,
    readonly deadline: number,
    onListenerError?: (error: unknown) => void,
  ) {
    this.#onListenerError = onListenerError;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#onListenerError !== undefined) isolateSignal(this.#controller.signal, this.#onListenerError);
      if (this.#abortedWith !== undefined) this.#controller.abort(this.#abortedWith);
    }
    return this.#controller.signal;
  }

  abort(error: Error): void {
    this.#abortedWith = error;
    this.#controller?.abort(error);
  }
}
