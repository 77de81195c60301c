import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InFlightItem } from '../plan/task.js';
import { cutResponse } from './cut.js';
import { positionOf } from './event-boundary.js';
import { endEventStream, type EventStreamFarewell } from './event-stream.js';
import { isEventStream } from './response-head.js';

/** One request and its response, from the head of the one to the end of the other. */
export class Exchange {
  /** As the request came: a framework may rewrite it on the way to a handler. */
  readonly #url: string;
  #ending = false;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    readonly startedAt: number,
  ) {
    this.#url = request.url ?? '/';
  }

  /** The path of the request, without its query. */
  get path(): string {
    return pathOf(this.#url);
  }

  /** Whether the response has been written, or has nobody left to be written to. */
  get isOver(): boolean {
    return this.response.writableFinished || this.request.socket.destroyed;
  }

  /** Whether the response has closed, or never will: Node forgets one behind another whose client has left. */
  get isClosed(): boolean {
    return this.response.destroyed || this.request.socket.destroyed;
  }

  /** Whether a body follows the head of the request. */
  get hasBody(): boolean {
    const { 'content-length': length, 'transfer-encoding': coding } = this.request.headers;
    return coding !== undefined || (length !== undefined && length !== '0');
  }

  /**
   * Ends the response, between two events, if it is a stream of server-sent events that `EventSource` reads: that
   * only ever sends GET, and comes back by itself. Any other request has an answer with an end, and nobody would
   * come back for the rest of it. Says whether it did.
   */
  endEventStream(farewell: EventStreamFarewell): boolean {
    const { headersSent, writableEnded } = this.response;
    if (!headersSent || writableEnded || this.#ending) return false;
    if (this.request.method !== 'GET' || !isEventStream(this.response)) return false;
    const position = positionOf(this.response);
    // Its end would make an event of what has been written of it, or hide that there was one.
    if (position === 'in an event') return false;
    // A middleware that compresses may take its time to end it.
    this.#ending = true;
    if (position === 'encoded') cutResponse(this.response);
    else endEventStream(this.response, farewell, Math.random);
    return true;
  }

  /** How it is named: `GET /orders/:id`, without query, headers or body. */
  item(now: number): InFlightItem {
    return { name: `${this.request.method ?? ''} ${this.#route}`, ageMs: now - this.startedAt };
  }

  /** The route as Express matched it; else the path with the ids in it taken out. */
  get #route(): string {
    const route: unknown = Reflect.get(this.request, 'route');
    if (typeof route === 'object' && route !== null && 'path' in route && typeof route.path === 'string') {
      const base: unknown = Reflect.get(this.request, 'baseUrl');
      return `${typeof base === 'string' ? withoutIds(base) : ''}${route.path}`;
    }
    return withoutIds(this.path);
  }
}

/** A path without its query. */
export function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

/** An id says nothing about the route, and may say too much about the client: numbers, hashes, addresses. */
const ID = /^(?:\d+|[0-9a-f]{8,}|[0-9a-f]{8}-[0-9a-f-]{27}|(?=.*\d)[\w~-]{16,}|.*(?:@|%40).*)$/i;

/** A path with the ids in it taken out. */
export function withoutIds(path: string): string {
  return path
    .split('/')
    .map((segment) => (ID.test(segment) ? ':id' : segment))
    .join('/');
}
