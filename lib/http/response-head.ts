import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Exchange } from './exchange.js';

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

/** Keeps the headers that are written with the head of a response: in that moment alone they can be seen. */
export function rememberHead(exchange: Exchange): void {
  const { response } = exchange;
  const { writeHead } = response;
  response.writeHead = (status: number, reason?: string | Headers, headers?: Headers): ServerResponse => {
    // Kept as they are: hardly anybody will ask for them.
    exchange.writtenHeaders = headers ?? reason;
    Reflect.apply(writeHead, response, [status, reason, headers]);
    return response;
  };
}

/** Lets a response close its connection, if that is still right in the last moment in which it can say so. */
export function closeAfter({ response }: Exchange, closesConnection: () => boolean): void {
  if (response.headersSent) return;
  const { writeHead } = response;
  response.writeHead = (...args: readonly unknown[]): ServerResponse => {
    if (!response.headersSent && closesConnection()) response.setHeader('Connection', 'close');
    Reflect.apply(writeHead, response, args);
    return response;
  };
}

/** The content type in headers that were written with a head: an object, or a list of names and values. */
export function contentTypeIn(headers: unknown): unknown {
  if (typeof headers !== 'object' || headers === null) return undefined;
  const list: readonly unknown[] = Array.isArray(headers) ? headers.flat() : Object.entries(headers).flat();
  const at = list.findIndex((name, index) => index % 2 === 0 && /^content-type$/i.test(String(name)));
  return at === -1 ? undefined : list[at + 1];
}
