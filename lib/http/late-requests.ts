import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import { pathOf } from './exchange.js';
import type { PathMatcher } from './path-pattern.js';

/** The events that require a response. */
const REQUEST_EVENTS = ['request', 'checkContinue'];

/**
 * Answers requests that arrive from now on with 503 and `Connection: close`, except on the given paths. For those,
 * the app's own listeners run in their order.
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
      // A client that expects 100 has not sent its body. Any other is still sending: if the connection closed
      // before the end of the body, it would be reset and could not read the 503.
      if (event === 'checkContinue') response.end();
      else request.resume().once('end', () => response.end());
    });
  }
}

function refuse(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(503, STATUS_CODES[503], {
    // Seconds: by then a load balancer has found another instance, or this one has been replaced.
    'Retry-After': '1',
    'Content-Length': '0',
    ...(request.httpVersionMajor < 2 ? { Connection: 'close' } : undefined),
  });
  response.flushHeaders();
}
