import type { ShutdownReason } from '../plan/reason.js';
import type { ShutdownContext } from '../plan/task.js';

/** The context of one task. Most tasks never look at their signal, so it is made when they do. */
export class TaskContext implements ShutdownContext {
  #controller: AbortController | undefined;
  #abortedWith: Error | undefined;

  constructor(
    readonly reason: ShutdownReason,
    readonly phase: string,
    readonly deadline: number,
  ) {}

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortedWith !== undefined) this.#controller.abort(this.#abortedWith);
    }
    return this.#controller.signal;
  }

  abort(error: Error): void {
    this.#abortedWith = error;
    this.#controller?.abort(error);
  }
}
