import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject, type Method } from '../nest/members.js';
import type { InFlightItem } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import { isThenable } from '../run/foreign-call.js';
import { SOME_ROUTE, SelfWaits } from '../run/self-waits.js';
import { CoarseTime } from './coarse-time.js';
import { RunningHandler } from './running-handler.js';

/** So many are held before it is worth a look which of them are over. */
const FEW = 16;

/** What the handlers that run are judged by. */
export interface RunningHandlersParts {
  /** Whether nobody waits for requests on a path. */
  readonly isIgnored: (path: string) => boolean;
  /** Called with the first request, as Node has it; with nothing where there is no Node below. */
  readonly onFirst: (request: IncomingMessage | undefined, response: ServerResponse | undefined) => void;
}

/**
 * The route handlers and middlewares that run. A response does not stand for them: its client may have gone, or
 * may have been answered early, and the handler goes on.
 */
export class RunningHandlers {
  /** Cleared of what is over now and then: every request comes by here, and hardly one is ever asked for. */
  #handlers: RunningHandler[] = [];
  #enough = FEW;
  readonly #selfWaits = new SelfWaits();
  readonly #time: CoarseTime;
  #onChange: (() => void) | undefined;
  readonly #end = (): void => this.#onChange?.();

  #first: RunningHandlersParts['onFirst'] | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly parts: RunningHandlersParts,
  ) {
    this.#time = new CoarseTime(clock);
    this.#first = parts.onFirst;
  }

  /** Counts what a route handler does for a request: guards, interceptors, pipes and the method. */
  followRoute(handler: Method): Method {
    const begin = (request: object, response: object): RunningHandler => this.#begin(request, response);
    // Every request comes by here: no list is made of its arguments.
    return function (this: unknown, request: unknown, response: unknown, next: unknown): unknown {
      if (!isObject(request) || !isObject(response)) return handler.call(this, request, response, next);
      const running = begin(request, response);
      let result: unknown;
      try {
        result = handler.call(this, request, response, next);
      } catch (error) {
        running.release();
        throw error;
      }
      releaseAfter(running, result);
      return result;
    };
  }

  /** Counts a middleware that answers with a promise; the other kind is done when it returns, or nobody knows. */
  followMiddleware(middleware: Method): Method {
    const begin = (request: object, response: object): RunningHandler => this.#begin(request, response);
    return function (this: unknown, request: unknown, response: unknown, next: unknown): unknown {
      const result = middleware.call(this, request, response, next);
      if (isThenable(result) && isObject(request) && isObject(response)) {
        releaseAfter(begin(request, response), result);
      }
      return result;
    };
  }

  /**
   * Counts the method of a controller for itself where interceptors stand before it: one of them may answer, and
   * nobody waits for the method any more.
   */
  followMethod(
    request: unknown,
    instance: object,
    method: Method,
    isIntercepted: boolean,
    next: Method,
  ): Method {
    const running = this.#of(request);
    if (running === undefined) return next;
    running.called(instance, method);
    if (!isIntercepted) return next;
    return (...args) => {
      const result = next(...args);
      if (isThenable(result)) {
        running.hold();
        releaseAfter(running, result);
      }
      return result;
    };
  }

  /** What a call comes from is waited for no more, where it is a handler that runs. Says whether it is. */
  asked(callers: ReadonlySet<string>): boolean {
    for (const { caller } of this.#running) {
      if (caller === undefined || !callers.has(caller)) continue;
      this.#selfWaits.add(caller);
      this.#onChange?.();
      return true;
    }
    if (!callers.has(SOME_ROUTE) || this.#running.length === 0) return false;
    this.#selfWaits.add(SOME_ROUTE);
    this.#onChange?.();
    return true;
  }

  /** Whether the request is that of a handler that waits for the run. */
  isSelfWait(request: IncomingMessage): boolean {
    if (this.#selfWaits.isEmpty) return false;
    for (const handler of this.#running) {
      if (handler.raw === request && this.#waitsForItself(handler)) return true;
    }
    return false;
  }

  /** Whether any handler waits for the run. */
  get hasSelfWait(): boolean {
    return this.#running.some((handler) => this.#waitsForItself(handler));
  }

  /** Those whose response does not stand for them any more, and whose request is not among those in flight. */
  itemsBeside(requests: ReadonlySet<IncomingMessage>): readonly InFlightItem[] {
    const now = this.clock.now();
    return this.#running.flatMap((handler) => {
      const { raw } = handler;
      if (!this.#isWaited(handler) || (raw !== undefined && requests.has(raw))) return [];
      const { name, left } = handler.name(now);
      return left === undefined ? [] : [{ name: `${name} (${left})`, ageMs: now - handler.startedAt }];
    });
  }

  /** Resolves when none runs that is waited for, or the signal aborts. */
  async idle(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#hasWaited) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    this.#onChange = undefined;
  }

  /** Nearly always it is the last: a property of ours on each request costs more than the look at a few others. */
  #of(request: unknown): RunningHandler | undefined {
    for (let at = this.#handlers.length - 1; at >= 0; at -= 1) {
      const handler = this.#handlers[at];
      if (handler?.isOf(request) === true) return handler;
    }
    return undefined;
  }

  get #running(): RunningHandler[] {
    return this.#handlers.filter(({ isOpen }) => isOpen);
  }

  /** Asked at each end: the first that is waited for is an answer. */
  get #hasWaited(): boolean {
    return this.#handlers.some((handler) => handler.isOpen && this.#isWaited(handler));
  }

  #isWaited(handler: RunningHandler): boolean {
    return (
      !this.#waitsForItself(handler) &&
      !handler.isEndedStream &&
      !this.parts.isIgnored(handler.exchange?.path ?? '/')
    );
  }

  #waitsForItself({ caller }: RunningHandler): boolean {
    if (this.#selfWaits.isEmpty) return false;
    if (caller !== undefined && this.#areCovered(caller)) return true;
    // Of one whose name is lost it is only known that it is among those that are left.
    const others = this.#running.filter((each) => !this.#areCovered(each.caller)).length;
    return this.#selfWaits.covers(SOME_ROUTE, others);
  }

  #areCovered(caller: string | undefined): boolean {
    if (caller === undefined) return false;
    const running = this.#running.filter((each) => each.caller === caller).length;
    return this.#selfWaits.covers(caller, running);
  }

  #begin(request: object, response: object): RunningHandler {
    const running = new RunningHandler(request, response, this.#time.now(), this.#end);
    // A handler that waits for nothing is done before the next request is read.
    if (this.#handlers.at(-1)?.isOpen === false) this.#handlers.pop();
    this.#handlers.push(running);
    if (this.#handlers.length >= this.#enough) {
      this.#handlers = this.#running;
      // So that each is looked at twice on average, however many run.
      this.#enough = Math.max(FEW, 2 * this.#handlers.length);
    }
    if (this.#first !== undefined) {
      const onFirst = this.#first;
      this.#first = undefined;
      onFirst(running.exchange?.request, running.exchange?.response);
    }
    return running;
  }
}

function releaseAfter(running: RunningHandler, result: unknown): void {
  if (!isThenable(result)) {
    running.release();
    return;
  }
  const release = (): void => running.release();
  result.then(release, release);
}
