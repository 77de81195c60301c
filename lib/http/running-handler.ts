import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject, memberOf } from '../nest/members.js';
import { Exchange } from './exchange.js';
import { isEventStream } from './response-head.js';

/** A request that route handlers or middleware are working on, until all of them have ended. */
export class RunningHandler {
  #open = 1;
  #instance: object | undefined;
  #method: { readonly name: string } | undefined;

  constructor(
    /** As the framework passes it to handlers; `undefined` once over, because it can hold a large body. */
    private request: object | undefined,
    private response: object | undefined,
    readonly startedAt: number,
    private readonly onEnd: () => void,
  ) {}

  get isOpen(): boolean {
    return this.#open > 0;
  }

  /** Whether this is the request, in the form in which the framework passes it to handlers. */
  isOf(request: unknown): boolean {
    return this.request === request && request !== undefined;
  }

  /** Counts further work on the request: an interceptor may answer and leave its handler running. */
  hold(): void {
    this.#open += 1;
  }

  release(): void {
    this.#open -= 1;
    if (this.#open > 0) return;
    this.request = undefined;
    this.response = undefined;
    this.onEnd();
  }

  /** Nest calls the controller method: from now on its name is known. */
  called(instance: object, method: { readonly name: string }): void {
    this.#instance = instance;
    this.#method = method;
  }

  /** `Class.method`, as in a stack trace. */
  get caller(): string | undefined {
    const type: unknown = this.#instance?.constructor;
    return typeof type === 'function' ? `${type.name}.${this.#method?.name}` : undefined;
  }

  /** Node's request below that of the framework; `undefined` if a test or a platform replaces it. */
  get raw(): IncomingMessage | undefined {
    if (this.request === undefined) return undefined;
    const raw = memberOf(this.request, 'raw') ?? this.request;
    return isObject(raw) && 'socket' in raw && isObject(raw.socket) ? (raw as IncomingMessage) : undefined;
  }

  /** The name for a handler whose response no longer represents it, and the reason. */
  name(now: number): { readonly name: string; readonly left: 'client gone' | 'answered' | undefined } {
    const { exchange } = this;
    if (exchange === undefined) return { name: this.caller ?? 'a route handler', left: undefined };
    return {
      name: exchange.item(now).name,
      left: exchange.response.writableFinished ? 'answered' : exchange.isOver ? 'client gone' : undefined,
    };
  }

  get exchange(): Exchange | undefined {
    const { raw } = this;
    if (raw === undefined || this.response === undefined) return undefined;
    const response = memberOf(this.response, 'raw') ?? this.response;
    if (!isObject(response) || !('writableFinished' in response)) return undefined;
    return new Exchange(raw, response as ServerResponse, this.startedAt);
  }

  /**
   * Whether it wrote an event stream that has ended. Such a handler often writes until it is stopped, and its
   * client reconnects by itself.
   */
  get isEndedStream(): boolean {
    const { exchange } = this;
    return (
      exchange !== undefined &&
      exchange.request.method === 'GET' &&
      (exchange.isOver || exchange.response.writableEnded) &&
      isEventStream(exchange.response)
    );
  }
}
