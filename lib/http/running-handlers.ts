import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject, type Method } from '../nest/members.js';
import type { InFlightItem } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import { isThenable } from '../run/foreign-call.js';
import { SOME_ROUTE, SelfWaits } from '../run/self-waits.js';
import { CoarseTime } from './coarse-time.js';
import { RunningHandler } from './running-handler.js';

/** With fewer handlers than this, looking for finished ones is not worth the time. */
const FEW = 16;

export interface RunningHandlersParts {
  /** Whether the drain ignores requests on this path. */
  readonly isIgnored: (path: string) => boolean;
  /** Called with the first request, in Node's form; without arguments if there is no Node request below it. */
  readonly onFirst: (request: IncomingMessage | undefined, response: ServerResponse | undefined) => void;
}

/**
 * The route handlers and middleware that are running. Their response is not a substitute: the client may have gone,
 * or was answered early, and the handler still runs.
 */
export class RunningHandlers {
  /** Finished ones are removed in batches: every request passes here, and the list is almost never read. */
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

  /** Counts what a route handler does for a request: guards, interceptors, pipes and the controller method. */
  followRoute(handler: Method): Method {
    const begin = (request: object, response: object): RunningHandler => this.#begin(request, response);
    // Runs for every request: the arguments are not collected into a list.
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

  /** Counts middleware that returns a promise. Any other has finished when it returns, or its end is unknown. */
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
   * Counts a controller method separately if it has interceptors: one of them may answer, and then nothing waits
   * for the method.
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

  /** If one of the callers is a running handler, stops waiting for it. Returns whether one is. */
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

  /** Whether the handler of this request waits for the end of the run. */
  isSelfWait(request: IncomingMessage): boolean {
    if (this.#selfWaits.isEmpty) return false;
    for (const handler of this.#running) {
      if (handler.raw === request && this.#waitsForItself(handler)) return true;
    }
    return false;
  }

  /** Whether any handler waits for the end of the run. */
  get hasSelfWait(): boolean {
    return this.#running.some((handler) => this.#waitsForItself(handler));
  }

  /** The handlers whose response no longer represents them, and whose request is not in flight. */
  itemsBeside(requests: ReadonlySet<IncomingMessage>): readonly InFlightItem[] {
    const now = this.clock.now();
    return this.#running.flatMap((handler) => {
      const { raw } = handler;
      if (!this.#isWaited(handler) || (raw !== undefined && requests.has(raw))) return [];
      const { name, left } = handler.name(now);
      return left === undefined ? [] : [{ name: `${name} (${left})`, ageMs: now - handler.startedAt }];
    });
  }

  /** Resolves when no handler is left to wait for, or when the signal aborts. */
  async idle(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#hasWaited) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    this.#onChange = undefined;
  }

  /** Searches backwards: nearly always it is the last. A property of ours on every request would cost more. */
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

  /** Runs at each end of a handler; stops at the first one that the drain waits for. */
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
    // If a caller's name is lost, all we know is that it is one of the others.
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
    // A synchronous handler has finished before the next request is read.
    if (this.#handlers.at(-1)?.isOpen === false) this.#handlers.pop();
    this.#handlers.push(running);
    if (this.#handlers.length >= this.#enough) {
      this.#handlers = this.#running;
      // Amortised: each handler is checked twice on average, however many run.
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
