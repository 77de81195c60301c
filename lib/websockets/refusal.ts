import { STATUS_CODES, type ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';

/** Seconds: by then a load balancer has found another instance, or this one has been replaced. */
const RETRY_AFTER = '1';

/** Answers an upgrade request with 503. No one else owns its socket. */
export function refuseUpgrade(socket: unknown): void {
  if (!(socket instanceof Duplex)) return;
  // The client may leave before it has read the answer.
  socket.on('error', () => undefined);
  socket.once('finish', () => socket.destroy());
  socket.end(
    [
      `HTTP/1.1 503 ${STATUS_CODES[503]}`,
      'Connection: close',
      'Content-Length: 0',
      `Retry-After: ${RETRY_AFTER}`,
      '\r\n',
    ].join('\r\n'),
  );
}

/** Answers a request with 503. */
export function refuseRequest(response: ServerResponse): void {
  response.writeHead(503, STATUS_CODES[503], {
    Connection: 'close',
    'Content-Length': '0',
    'Retry-After': RETRY_AFTER,
  });
  response.end();
}
