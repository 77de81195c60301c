import { ServiceUnavailableException } from '@nestjs/common';
import { Observable, isObservable } from 'rxjs';
import type { InFlightItem, ShutdownContext, ShutdownTask } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import type { ShutdownEvent } from '../run/events.js';
import { isThenable } from '../run/foreign-call.js';
import { SelfWaits } from '../run/self-waits.js';

/**
 * Thrown when work is offered after the drain has ended, because nothing would wait for it. `code` is
 * `SHUTDOWN_IN_PROGRESS`, `work` its name. Nest answers a request that offered it with 503; the response does not
 * contain the name.
 */
export class ShutdownInProgressError extends ServiceUnavailableException {
  override readonly name = 'ShutdownInProgressError';
  readonly code = 'SHUTDOWN_IN_PROGRESS';

  constructor(readonly work: string) {
    super('The application is shutting down.');
    this.message = `'${work}' was refused: the app is shutting down, and its drain has ended.`;
  }
}

const TASK = 'InFlightWork';

const TASK_NAME = new RegExp(`^${TASK}( #\\d+)?$`);

/** Whether a task with this name waits for work in flight. */
export function isWorkTask(name: string): boolean {
  return TASK_NAME.test(name);
}

interface Entry {
  readonly name: string;
  /** The function that does the work, as a stack trace names it; `undefined` if unknown. */
  readonly caller: string | undefined;
  readonly startedAt: number;
}

type State =
  | { readonly status: 'taking' }
  /** The drain waits, and new work is still accepted. */
  | {
      readonly status: 'draining';
      readonly waitsFor: 'work' | 'work and neighbours';
      readonly end: () => void;
    }
  /** Nothing is in flight, but the phase still runs and its other tasks may bring work, which is waited for again. */
  | { readonly status: 'resting'; readonly resume: () => unknown }
  /** The drain has run out of time. Work that ends now is only recorded. */
  | { readonly status: 'overdue'; readonly end: () => void }
  | { readonly status: 'ended' };

/**
 * Accepted and unfinished work of any kind. The drain waits for it. New work is accepted during the drain, because
 * work in flight may need it, and refused afterwards.
 */
export class InFlightWork {
  readonly #entries = new Set<Entry>();
  /** The ids of the other running tasks of the phase: any of them may bring work. */
  readonly #neighbours = new Set<number>();
  readonly #selfWaits = new SelfWaits();
  #state: State = { status: 'taking' };
  #waiting: (() => void)[] = [];

  /** @internal Created by Nest. */
  constructor(private readonly clock: Clock) {}

  /** The number of pieces of work in flight. */
  get count(): number {
    return this.#entries.size;
  }

  /** What is in flight, oldest first. `ageMs` is in milliseconds. */
  get items(): readonly InFlightItem[] {
    const now = this.clock.now();
    return Array.from(this.#entries, ({ name, startedAt }) => ({ name, ageMs: now - startedAt }));
  }

  /** @internal Resolves when nothing is in flight. More may start later. */
  async idle(): Promise<void> {
    while (this.#entries.size > 0) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  /**
   * Counts work that has already started, until the promise settles. Returns the same promise.
   *
   * @throws ShutdownInProgressError after the drain has ended
   */
  track<P extends PromiseLike<unknown>>(promise: P, name: string): P {
    const done = this.begin(name);
    promise.then(done, done);
    return promise;
  }

  /**
   * Runs a function and counts it as in flight until its result settles. Rejects with the error of the function.
   * After the drain has ended it rejects with a `ShutdownInProgressError` and does not call the function.
   */
  async run<T>(name: string, fn: () => T | PromiseLike<T>): Promise<T> {
    const done = this.#begin(name, `${InFlightWork.name}.run`);
    try {
      return await fn();
    } finally {
      done();
    }
  }

  /**
   * Counts a piece of work until the returned function is called. Further calls do nothing.
   *
   * @throws ShutdownInProgressError after the drain has ended
   */
  begin(name: string): () => void {
    return this.#begin(name, undefined);
  }

  #begin(name: string, caller: string | undefined): () => void {
    const { status } = this.#state;
    if (status === 'overdue' || status === 'ended') throw new ShutdownInProgressError(name);
    const entry: Entry = { name, caller, startedAt: this.clock.now() };
    this.#entries.add(entry);
    if (this.#state.status === 'resting') this.#state.resume();
    return () => {
      this.#entries.delete(entry);
      this.#endIfDone();
    };
  }

  /**
   * Calls a function and counts it as in flight: until a returned promise settles, from each subscription to the
   * end of a returned Observable, or until the function returns anything else.
   *
   * @throws ShutdownInProgressError after the drain has ended
   */
  follow(name: string, fn: () => unknown, caller?: string): unknown {
    const done = this.#begin(name, caller);
    let result: unknown;
    try {
      result = fn();
    } catch (error) {
      done();
      throw error;
    }
    // A second `then` on the promise would cut the async stack trace of its caller.
    if (caller !== undefined && isPlainPromise(result)) return ended(result, done);
    if (isThenable(result)) {
      result.then(done, done);
      return result;
    }
    done();
    return isObservable(result) ? this.#followed(name, result) : result;
  }

  /** @internal If one of the callers is work in flight, stops waiting for it. Returns whether one is. */
  asked(callers: ReadonlySet<string>): boolean {
    for (const { caller } of this.#entries) {
      if (caller === undefined || !callers.has(caller)) continue;
      this.#selfWaits.add(caller);
      this.#endIfDone();
      return true;
    }
    return false;
  }

  /**
   * The task that waits until nothing is in flight. If another task of its phase brings work after that, as a
   * request in flight may, the task is registered once more, and then also waits for those other tasks.
   */
  drainTask(phase: string, register: (task: ShutdownTask) => unknown, turn = 1): ShutdownTask {
    return {
      name: turn === 1 ? TASK : `${TASK} #${turn}`,
      phase,
      inFlight: () => this.items,
      run: ({ signal }: ShutdownContext) =>
        new Promise<void>((resolve) => {
          const end = (): void => {
            const resume = (): unknown => register(this.drainTask(phase, register, turn + 1));
            this.#state = { status: 'resting', resume };
            resolve();
          };
          const onAbort = (): void => {
            if (this.#state.status === 'draining') this.#state = { status: 'overdue', end: resolve };
          };
          this.#state = { status: 'draining', waitsFor: turn === 1 ? 'work' : 'work and neighbours', end };
          signal.addEventListener('abort', onAbort, { once: true });
          this.#endIfDone();
        }),
    };
  }

  /** Follows the phase that waits for the work. Work is refused once it has ended. */
  observe(event: ShutdownEvent, phase: string): void {
    if (event.type === 'phase-finished' && event.phase === phase) {
      if (this.#state.status === 'resting') this.#state = { status: 'ended' };
    } else if (event.type === 'task-started' && event.phase === phase && !isWorkTask(event.task)) {
      this.#neighbours.add(event.id);
    } else if (event.type === 'task-finished' && this.#neighbours.delete(event.id)) {
      this.#endIfDone();
    }
  }

  #endIfDone(): void {
    if (this.#isWaited) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
    switch (this.#state.status) {
      case 'draining':
        if (this.#state.waitsFor === 'work' || this.#neighbours.size === 0) this.#state.end();
        return;
      case 'overdue':
        this.#state.end();
        this.#state = { status: 'ended' };
        return;
      case 'taking':
      case 'resting':
      case 'ended':
    }
  }

  get #isWaited(): boolean {
    if (this.#selfWaits.isEmpty) return this.#entries.size > 0;
    const running = [...this.#entries];
    return running.some(
      ({ caller }) =>
        caller === undefined ||
        !this.#selfWaits.covers(caller, running.filter((each) => each.caller === caller).length),
    );
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

/** A promise without a subclass or own properties, so that replacing it goes unnoticed. */
function isPlainPromise(value: unknown): value is Promise<unknown> {
  return (
    value instanceof Promise &&
    Object.getPrototypeOf(value) === Promise.prototype &&
    Object.keys(value).length === 0
  );
}

async function ended(result: Promise<unknown>, done: () => void): Promise<unknown> {
  try {
    return await result;
  } finally {
    done();
  }
}
