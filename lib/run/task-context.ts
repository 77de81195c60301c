import type { ShutdownReason } from '../plan/reason.js';
import type { ShutdownContext } from '../plan/task.js';
import type { Clock } from './clock.js';
import { isolateSignal } from './isolated-signal.js';

/** The context of one task. Most tasks never use their signal, so it is created on first use. */
export class TaskContext implements ShutdownContext {
  #controller: AbortController | undefined;
  #abortedWith: Error | undefined;

  constructor(
    readonly reason: ShutdownReason,
    readonly phase: string,
    private readonly time: {
      readonly clock: Clock;
      /** When the task times out, by the clock. */
      readonly until: number;
      /** Receives what a listener of the signal throws. */
      readonly onListenerError?: ((error: unknown) => void) | undefined;
    },
  ) {}

  /** Computed on each read, since the wall clock may step in the meantime. */
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
