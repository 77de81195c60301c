import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { isMethod, isObject, memberOf } from '../nest/members.js';

/** `INTERNAL_ERROR` of HTTP/2. Its module takes time to load, and most applications never do. */
const INTERNAL_ERROR = 0x2;

/**
 * Cuts a connection with a reset. After a mere FIN a body that ends with its connection looks complete, and so
 * does what goes through a tunnel.
 */
export function cut(socket: Socket): void {
  // TLS goes over a socket of its own, and only that one can be reset.
  const below: unknown = memberOf(socket, '_parent');
  const accepted = below instanceof Socket ? below : socket;
  try {
    accepted.resetAndDestroy();
  } catch {
    // Only TCP has a reset: a unix socket has none.
  }
  socket.destroy();
}

/** Whether a body is under way that says nowhere where it ends. */
export function endsWithConnection(response: ServerResponse): boolean {
  return response.headersSent && !response.writableFinished && !response.chunkedEncoding;
}

/** Cuts a response alone: its connection with HTTP/1.1, its stream with HTTP/2. */
export function cutResponse(response: ServerResponse): void {
  const stream: unknown = memberOf(response, 'stream');
  const close: unknown = isObject(stream) ? memberOf(stream, 'close') : undefined;
  // A stream that is destroyed with its session is one that has ended, to its client.
  if (isMethod(close)) Reflect.apply(close, stream, [INTERNAL_ERROR]);
  else response.destroy();
}
