import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InFlightItem } from '../plan/task.js';
import { cutResponse } from './cut.js';
import { positionOf } from './event-boundary.js';
import { endEventStream, type EventStreamFarewell } from './event-stream.js';
import { isEventStream } from './response-head.js';

/** One request and its response, from the head of the request to the end of the response. */
export class Exchange {
  /** The original URL: frameworks may rewrite `request.url`. */
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

  /** Whether the response has been flushed, or its client has gone. */
  get isOver(): boolean {
    return this.response.writableFinished || this.request.socket.destroyed;
  }

  /**
   * Whether the response has closed or never will: Node drops responses that are queued behind one whose client has
   * gone.
   */
  get isClosed(): boolean {
    return this.response.destroyed || this.request.socket.destroyed;
  }

  /** Whether the request has a body. */
  get hasBody(): boolean {
    const { 'content-length': length, 'transfer-encoding': coding } = this.request.headers;
    return coding !== undefined || (length !== undefined && length !== '0');
  }

  /**
   * Ends the response between two events, if it is a stream that an `EventSource` reads. `EventSource` sends only
   * GET and reconnects by itself; any other client would never get the rest. Returns whether the response was
   * ended.
   */
  endEventStream(farewell: EventStreamFarewell): boolean {
    const { headersSent, writableEnded } = this.response;
    if (!headersSent || writableEnded || this.#ending) return false;
    if (this.request.method !== 'GET' || !isEventStream(this.response)) return false;
    const position = positionOf(this.response);
    // Ending here would dispatch a partial event, or hide that there was one.
    if (position === 'in an event') return false;
    // A compression middleware may end the response later.
    this.#ending = true;
    if (position === 'encoded') cutResponse(this.response);
    else endEventStream(this.response, farewell, Math.random);
    return true;
  }

  /** The name in reports and logs, such as `GET /orders/:id`: without query, headers or body. */
  item(now: number): InFlightItem {
    return { name: `${this.request.method ?? ''} ${this.#route}`, ageMs: now - this.startedAt };
  }

  /** The route that Express matched, or the path with ids replaced. */
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

/** Ids (numbers, hashes, email addresses) say nothing about the route, and may say too much about the client. */
const ID = /^(?:\d+|[0-9a-f]{8,}|[0-9a-f]{8}-[0-9a-f-]{27}|(?=.*\d)[\w~-]{16,}|.*(?:@|%40).*)$/i;

/** Replaces the ids in a path with `:id`. */
export function withoutIds(path: string): string {
  return path
    .split('/')
    .map((segment) => (ID.test(segment) ? ':id' : segment))
    .join('/');
}
