import { STATUS_CODES, type ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';

/** Seconds: by then a balancer has found another instance, or this one has been replaced. */
const RETRY_AFTER = '1';

/** Answers a request to upgrade with 503. Its socket is nobody's any more but ours. */
export function refuseUpgrade(socket: unknown): void {
  if (!(socket instanceof Duplex)) return;
  // A client may leave before it has read the answer.
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
