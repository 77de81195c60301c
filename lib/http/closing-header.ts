import type { Connection } from './connection.js';
import type { Exchange } from './exchange.js';

/**
 * Lets a response say `Connection: close` if it is the last one of its connection when its head is written:
 * on an earlier one Node would drop the requests that are pipelined behind it.
 */
export function closeAfterLast(exchange: Exchange, connection: Connection): void {
  const { response } = exchange;
  if (response.headersSent) return;
  const writeHead = response.writeHead;
  const writeClosingHead: typeof writeHead = (...args: readonly unknown[]) => {
    if (connection.last === exchange && !response.headersSent) response.setHeader('Connection', 'close');
    Reflect.apply(writeHead, response, args);
    return response;
  };
  response.writeHead = writeClosingHead;
}
