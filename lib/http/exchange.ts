import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InFlightItem } from '../plan/task.js';

/** One request and its response, from the head of the one to the end of the other. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly startedAt: number;
}

/** An id in a path says nothing about the route, and may say too much about the client. */
const ID = /^(?:\d+|[0-9a-f]{8,}|[0-9a-f]{8}-[0-9a-f-]{27})$/i;

/** How an exchange is named: `GET /orders/:id`, without query, headers or body. */
export function itemOf({ request, startedAt }: Exchange, now: number): InFlightItem {
  return { name: `${request.method ?? ''} ${routeOf(request)}`, ageMs: now - startedAt };
}

/** The path of a request, without its query. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

/** Whether the client asked for a stream of server-sent events. */
export function wantsEventStream({ headers }: IncomingMessage): boolean {
  return headers.accept?.includes('text/event-stream') === true;
}

/** The route as Express matched it; else the path with the ids in it taken out. */
function routeOf(request: IncomingMessage): string {
  const route: unknown = Reflect.get(request, 'route');
  if (typeof route === 'object' && route !== null && 'path' in route && typeof route.path === 'string') {
    const base: unknown = Reflect.get(request, 'baseUrl');
    return `${typeof base === 'string' ? base : ''}${route.path}`;
  }
  return pathOf(request)
    .split('/')
    .map((segment) => (ID.test(segment) ? ':id' : segment))
    .join('/');
}
