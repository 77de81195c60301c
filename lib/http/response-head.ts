import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

const CONTENT_TYPE = 'content-type';

/** Responses that said so with headers which were written with their head, and which Node keeps nowhere. */
const writtenAsEventStream = new WeakSet<ServerResponse>();

/** Whether a response whose head has been sent is a stream of server-sent events. */
export function isEventStream(response: ServerResponse): boolean {
  return writtenAsEventStream.has(response) || isEventStreamType(response.getHeader(CONTENT_TYPE));
}

/** Looks at the head of a response in the moment in which it is written, the only one in which all of it is seen. */
export function lookAtHead(response: ServerResponse): void {
  if (!Object.hasOwn(response, 'writeHead')) {
    // One function for all: a property that has the same value in every response costs next to nothing, a
    // closure for each is most of what the drain costs a request.
    response.writeHead = writeHead;
    return;
  }
  const next = response.writeHead;
  response.writeHead = (status: number, reason?: string | Headers, headers?: Headers): ServerResponse => {
    look(response, headers ?? reason);
    Reflect.apply(next, response, [status, reason, headers]);
    return response;
  };
}

function writeHead(
  this: ServerResponse,
  status: number,
  reason?: string | Headers,
  headers?: Headers,
): ServerResponse {
  look(this, headers ?? reason);
  const prototype: ServerResponse = Object.getPrototypeOf(this);
  Reflect.apply(prototype.writeHead, this, [status, reason, headers]);
  return this;
}

/** Lets a response close its connection, if that is still right in the last moment in which it can say so. */
export function closeAfter(response: ServerResponse, closesConnection: () => boolean): void {
  if (response.headersSent) return;
  const next = response.writeHead;
  response.writeHead = (...args: readonly unknown[]): ServerResponse => {
    if (!response.headersSent && closesConnection()) response.setHeader('Connection', 'close');
    Reflect.apply(next, response, args);
    return response;
  };
}

/** Every response comes by here. */
function look(response: ServerResponse, headers: string | Headers | undefined): void {
  if (typeof headers !== 'object') return;
  if (isEventStreamType(Array.isArray(headers) ? typeInList(headers) : typeIn(headers))) {
    writtenAsEventStream.add(response);
  }
}

function typeIn(headers: OutgoingHttpHeaders): OutgoingHttpHeader | undefined {
  for (const name in headers) if (isContentType(name)) return headers[name];
  return undefined;
}

/** In a list names and values take turns, or stand in pairs. */
function typeInList(headers: OutgoingHttpHeader[]): OutgoingHttpHeader | undefined {
  const list = headers.flat();
  const at = list.findIndex((name, index) => index % 2 === 0 && isContentType(String(name)));
  return at === -1 ? undefined : list[at + 1];
}

function isContentType(name: string): boolean {
  return name.length === CONTENT_TYPE.length && name.toLowerCase() === CONTENT_TYPE;
}

function isEventStreamType(type: OutgoingHttpHeader | undefined): boolean {
  return type !== undefined && String(type).toLowerCase().startsWith('text/event-stream');
}
