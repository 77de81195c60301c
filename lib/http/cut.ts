import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { isMethod, isObject, memberOf } from '../nest/members.js';

/** HTTP/2 `INTERNAL_ERROR`. Written here because `node:http2` takes time to load, and most apps never do. */
const INTERNAL_ERROR = 0x2;

/**
 * Cuts a connection with a reset. A plain FIN would make a body that is delimited by the end of its connection, or
 * data in a tunnel, look complete.
 */
export function cut(socket: Socket): void {
  // TLS runs over a raw socket, and only that one can send a reset.
  const below: unknown = memberOf(socket, '_parent');
  const accepted = below instanceof Socket ? below : socket;
  try {
    accepted.resetAndDestroy();
  } catch {
    // Only TCP has a reset; a unix socket does not.
  }
  socket.destroy();
}

/** Whether a body is being sent whose only delimiter is the end of the connection. */
export function endsWithConnection(response: ServerResponse): boolean {
  return response.headersSent && !response.writableFinished && !response.chunkedEncoding;
}

/** Cuts one response: the connection on HTTP/1.1, the stream on HTTP/2. */
export function cutResponse(response: ServerResponse): void {
  const stream: unknown = memberOf(response, 'stream');
  const close: unknown = isObject(stream) ? memberOf(stream, 'close') : undefined;
  // A stream that is destroyed together with its session looks complete to the client.
  if (isMethod(close)) Reflect.apply(close, stream, [INTERNAL_ERROR]);
  else response.destroy();
}
