import { ServiceUnavailableException } from '@nestjs/common';
import { Observable, isObservable } from 'rxjs';
import type { InFlightItem, ShutdownContext, ShutdownTask } from '../plan/task.js';
import type { Clock } from '../run/clock.js';

/**
 * Thrown at work that is offered when the drain has ended: nobody would wait for it any more. A request that
 * brought the work is answered with 503, which does not name it.
 */
export class ShutdownInProgressError extends ServiceUnavailableException {
  override readonly name = 'ShutdownInProgressError';
  readonly code = 'SHUTDOWN_IN_PROGRESS';

  constructor(readonly work: string) {
    super('The application is shutting down.');
    this.message = `'${work}' was refused: the application shuts down and has finished the work that it had taken.`;
  }
}

interface Entry {
  readonly name: string;
  readonly startedAt: number;
}

type State =
  | { readonly status: 'taking' }
  /** The drain waits, and new work is still taken. */
  | { readonly status: 'draining'; readonly onEmpty: () => void }
  /** The time of the drain is over; that the rest has finished is only noted. */
  | { readonly status: 'overdue'; readonly onEmpty: () => void }
  | { readonly status: 'ended' };

/**
 * Accepted and unfinished work of any kind, for which the drain waits. While the drain goes on new work is
 * still taken, since what is in flight may need it; once it has ended, work is refused.
 */
export class InFlightWork {
  readonly #entries = new Set<Entry>();
  #state: State = { status: 'taking' };

  constructor(private readonly clock: Clock) {}

  /** How many pieces of work are in flight. */
  get count(): number {
    return this.#entries.size;
  }

  /** What is in flight, the oldest first. */
  get items(): readonly InFlightItem[] {
    const now = this.clock.now();
    return Array.from(this.#entries, ({ name, startedAt }) => ({ name, ageMs: now - startedAt }));
  }

  /**
   * Counts work that has begun, until the promise settles. The answer is the promise itself.
   *
   * @throws ShutdownInProgressError once the drain has ended
   */
  track<P extends PromiseLike<unknown>>(promise: P, name: string): P {
    const done = this.begin(name);
    promise.then(done, done);
    return promise;
  }

  /**
   * Runs a function and counts it as in flight until what it returns has settled. Rejects with what it
   * throws, and with a `ShutdownInProgressError`, without calling it, once the drain has ended.
   */
  async run<T>(name: string, fn: () => T | PromiseLike<T>): Promise<T> {
    const done = this.begin(name);
    try {
      return await fn();
    } finally {
      done();
    }
  }

  /**
   * Counts a piece of work until the answer is called; calling it again does nothing.
   *
   * @throws ShutdownInProgressError once the drain has ended
   */
  begin(name: string): () => void {
    const { status } = this.#state;
    if (status === 'overdue' || status === 'ended') throw new ShutdownInProgressError(name);
    const entry: Entry = { name, startedAt: this.clock.now() };
    this.#entries.add(entry);
    return () => {
      this.#entries.delete(entry);
      if ('onEmpty' in this.#state && this.#entries.size === 0) this.#state.onEmpty();
    };
  }

  /**
   * Calls a function whose result decides how long it is in flight: a promise until it settles, an
   * Observable from each subscription to its end, anything else until the function returns.
   *
   * @throws ShutdownInProgressError once the drain has ended
   */
  follow(name: string, fn: () => unknown): unknown {
    const done = this.begin(name);
    let result: unknown;
    try {
      result = fn();
    } catch (error) {
      done();
      throw error;
    }
    if (isThenable(result)) {
      result.then(done, done);
      return result;
    }
    done();
    return isObservable(result) ? this.#followed(name, result) : result;
  }

  /** The task that waits until nothing is in flight. */
  drainTask(phase: string): ShutdownTask {
    return {
      name: 'InFlightWork',
      phase,
      inFlight: () => this.items,
      run: ({ signal }: ShutdownContext) =>
        new Promise<void>((resolve) => {
          const onEmpty = (): void => {
            this.#state = { status: 'ended' };
            resolve();
          };
          const onAbort = (): void => {
            if (this.#state.status === 'draining') this.#state = { status: 'overdue', onEmpty };
          };
          this.#state = { status: 'draining', onEmpty };
          signal.addEventListener('abort', onAbort, { once: true });
          if (this.#entries.size === 0) onEmpty();
        }),
    };
  }

  #followed(name: string, source: Observable<unknown>): Observable<unknown> {
    return new Observable((subscriber) => {
      const done = this.begin(name);
      const subscription = source.subscribe(subscriber);
      return () => {
        subscription.unsubscribe();
        done();
      };
    });
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
