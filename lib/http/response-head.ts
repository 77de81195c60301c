import type { ServerResponse } from 'node:http';
import type { Exchange } from './exchange.js';

/**
 * Sees the head of a response in the moment in which it is written: the last in which it can say that the
 * connection closes after it, and the only one in which headers that are written with it can be seen.
 */
export function followHead(exchange: Exchange, closesConnection: () => boolean): void {
  const { response } = exchange;
  if (response.headersSent) return;
  const { writeHead } = response;
  const follow = (...args: readonly unknown[]): ServerResponse => {
    if (!response.headersSent && closesConnection()) response.setHeader('Connection', 'close');
    // Kept as they are: hardly anybody will ask for them.
    exchange.writtenHeaders = args.at(-1);
    Reflect.apply(writeHead, response, args);
    return response;
  };
  response.writeHead = follow;
}

/** The content type in headers that were written with a head: an object, or a list of names and values. */
export function contentTypeIn(headers: unknown): unknown {
  if (typeof headers !== 'object' || headers === null) return undefined;
  const list: readonly unknown[] = Array.isArray(headers) ? headers.flat() : Object.entries(headers).flat();
  const at = list.findIndex((name, index) => index % 2 === 0 && /^content-type$/i.test(String(name)));
  return at === -1 ? undefined : list[at + 1];
}
