import type { ShutdownReason } from '../plan/reason.js';
import type { ShutdownContext } from '../plan/task.js';
import type { Clock } from './clock.js';

/** The context of one task. Most tasks never look at their signal, so it is made when they do. */
export class TaskContext implements ShutdownContext {
  #controller: AbortController | undefined;
  #abortedWith: Error | undefined;

  constructor(
    readonly reason: ShutdownReason,
    readonly phase: string,
    /** When its time is over, by the clock. */
    private readonly time: { readonly clock: Clock; readonly until: number },
  ) {}

  /** Asked for anew, since the wall clock may be set meanwhile. */
  get deadline(): number {
    return this.time.clock.dateOf(this.time.until);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortedWith !== undefined) this.#controller.abort(this.#abortedWith);
    }
    return this.#controller.signal;
  }

  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.time.clock.schedule(resolve, 0);
    });
  }

  abort(error: Error): void {
    this.#abortedWith = error;
    this.#controller?.abort(error);
  }
}
