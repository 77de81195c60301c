import type { ShutdownReason } from '../plan/reason.js';
import type { ShutdownContext } from '../plan/task.js';
import type { Clock } from './clock.js';
import { isolateSignal } from './isolated-signal.js';

/** The context of one task. Most tasks never look at their signal, so it is made when they do. */
export class TaskContext implements ShutdownContext {
  #controller: AbortController | undefined;
  #abortedWith: Error | undefined;

  constructor(
    readonly reason: ShutdownReason,
    readonly phase: string,
    /** When its time is over, by the clock, and who is told what a listener of its signal throws. */
    private readonly time: {
      readonly clock: Clock;
      readonly until: number;
      readonly onListenerError?: ((error: unknown) => void) | undefined;
    },
  ) {}

  /** Asked for anew, since the wall clock may be set meanwhile. */
  get deadline(): number {
    return this.time.clock.dateOf(this.time.until);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      const { onListenerError } = this.time;
      if (onListenerError !== undefined) isolateSignal(this.#controller.signal, onListenerError);
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
