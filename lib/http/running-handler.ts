import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject, memberOf } from '../nest/members.js';
import { Exchange } from './exchange.js';
import { isEventStream } from './response-head.js';

/** A request that a route handler or a middleware works on, until all of them have ended. */
export class RunningHandler {
  #open = 1;
  #instance: object | undefined;
  #method: { readonly name: string } | undefined;

  constructor(
    /** As the framework hands it to its handlers; `undefined` once it is over: it may have a large body on it. */
    private request: object | undefined,
    private response: object | undefined,
    readonly startedAt: number,
    private readonly onEnd: () => void,
  ) {}

  get isOpen(): boolean {
    return this.#open > 0;
  }

  /** Whether it works on the request, as the framework hands that to its handlers. */
  isOf(request: unknown): boolean {
    return this.request === request && request !== undefined;
  }

  /** Work on the request goes on beside the handler that has it: an interceptor may let go of its handler. */
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

  /** The method of the controller is known once Nest calls it. */
  called(instance: object, method: { readonly name: string }): void {
    this.#instance = instance;
    this.#method = method;
  }

  /** `Class.method`, as a stack names it. */
  get caller(): string | undefined {
    const type: unknown = this.#instance?.constructor;
    return typeof type === 'function' ? `${type.name}.${this.#method?.name}` : undefined;
  }

  /** The request of Node below that of a framework; `undefined` where a test or a platform stands in for it. */
  get raw(): IncomingMessage | undefined {
    if (this.request === undefined) return undefined;
    const raw = memberOf(this.request, 'raw') ?? this.request;
    return isObject(raw) && 'socket' in raw && isObject(raw.socket) ? (raw as IncomingMessage) : undefined;
  }

  /** How it is named where its response does not stand for it, and why. */
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
   * Whether it wrote a stream of events that has ended. Such a handler often writes until somebody stops it, and
   * its client comes back by itself.
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
