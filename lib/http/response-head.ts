import type { Exchange } from './exchange.js';

/**
 * Sees the head of a response in the moment in which it is written, the last in which it can say that the
 * connection closes after it.
 */
export function followHead(exchange: Exchange, closesConnection: () => boolean): void {
  const { response } = exchange;
  const { writeHead } = response;
  const follow: typeof writeHead = (...args: readonly unknown[]) => {
    if (!response.headersSent && closesConnection()) response.setHeader('Connection', 'close');
    Reflect.apply(writeHead, response, args);
    exchange.contentType = contentTypeIn(args.at(-1));
    return response;
  };
  response.writeHead = follow;
}

/** Headers that are written with the head may be nowhere else: as an object, or as a list of names and values. */
function contentTypeIn(headers: unknown): unknown {
  if (typeof headers !== 'object' || headers === null) return undefined;
  const list: readonly unknown[] = Array.isArray(headers) ? headers.flat() : Object.entries(headers).flat();
  const at = list.findIndex((name, index) => index % 2 === 0 && /^content-type$/i.test(String(name)));
  return at === -1 ? undefined : list[at + 1];
}
