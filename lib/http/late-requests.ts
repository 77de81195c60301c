import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import { pathOf } from './exchange.js';
import type { PathMatcher } from './path-pattern.js';

/** What the server emits for a request that somebody has to answer. */
const REQUEST_EVENTS = ['request', 'checkContinue'];

/**
 * Refuses requests that come on open connections from now on, with 503 and `Connection: close`, except those
 * on the given paths. The application's own listeners stand behind it, in their order.
 */
export function refuseLateRequests(server: Server, isServed: PathMatcher): void {
  for (const event of REQUEST_EVENTS) {
    const listeners = server.rawListeners(event);
    if (listeners.length === 0) continue;
    server.removeAllListeners(event);
    server.on(event, (request: IncomingMessage, response: ServerResponse) => {
      if (isServed(pathOf(request.url ?? '/'))) {
        for (const listener of listeners) Reflect.apply(listener, server, [request, response]);
        return;
      }
      refuse(request, response);
      // Who expects 100 has not sent the body. Who sends it would be reset, and not read the refusal, if the
      // connection closed before the end of it.
      if (event === 'checkContinue') response.end();
      else request.resume().once('end', () => response.end());
    });
  }
}

function refuse(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(503, STATUS_CODES[503], {
    // Seconds: by then a balancer has found another instance, or this one has been replaced.
    'Retry-After': '1',
    'Content-Length': '0',
    ...(request.httpVersionMajor < 2 ? { Connection: 'close' } : undefined),
  });
  response.flushHeaders();
}
