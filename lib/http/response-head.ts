import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Method } from '../nest/members.js';
import { closingHead, type Head, type Headers } from './closing-head.js';
import { followEvents } from './event-boundary.js';

const CONTENT_TYPE = 'content-type';
const EVENT_STREAM = 'text/event-stream';

/**
 * Whether the connection of a response closes after it, asked in the last moment in which it can say so; `undefined`
 * where nobody is sent away.
 */
type Closes = (response: ServerResponse) => boolean | undefined;

type WriteHead = (this: ServerResponse, ...head: Head) => ServerResponse;

/** Responses that said so with headers which were written with their head, and which Node keeps nowhere. */
const writtenAsEventStream = new WeakSet<ServerResponse>();

/** Whether a response whose head has been sent is a stream of server-sent events. */
export function isEventStream(response: ServerResponse): boolean {
  return writtenAsEventStream.has(response) || isEventStreamType(response.getHeader(CONTENT_TYPE));
}

/**
 * Makes what stands in front of `writeHead` in the responses of a server. One function for all of them: a property that
 * has the same value in every response costs next to nothing, a closure for each is most of what the drain costs a
 * request.
 */
export function headWriter(closes: Closes): WriteHead {
  // Every response comes by here: its arguments make no list where there is nothing to change in them.
  return function writeHead(
    this: ServerResponse,
    status: number,
    reason?: string | Headers,
    headers?: Headers,
  ) {
    const prototype: { writeHead: Method } = Object.getPrototypeOf(this);
    if (closes(this) === undefined && !saysEventStream(headers ?? reason)) {
      prototype.writeHead.call(this, status, reason, headers);
    } else {
      Reflect.apply(prototype.writeHead, this, looked(this, [status, reason, headers], closes));
    }
    return this;
  };
}

/** Looks at the head of a response in the moment in which it is written, the only one in which all of it is seen. */
export function lookAtHead(response: ServerResponse, writeHead: WriteHead, closes: Closes): void {
  if (!Object.hasOwn(response, 'writeHead')) {
    response.writeHead = writeHead;
    return;
  }
  const next = response.writeHead;
  // After `checkContinue` the server emits it a second time.
  if (next === writeHead) return;
  response.writeHead = (...head: Head): ServerResponse => {
    Reflect.apply(next, response, looked(response, head, closes));
    return response;
  };
}

/** Returns the head that is to be written. */
function looked(response: ServerResponse, head: Head, closes: Closes): Head {
  const headers = head[2] ?? head[1];
  if (saysEventStream(headers)) {
    writtenAsEventStream.add(response);
    followEvents(response, headers);
  }
  const isLast = closes(response);
  if (isLast === undefined || response.headersSent) return head;
  if (isEventStreamType(response.getHeader(CONTENT_TYPE))) followEvents(response, {});
  return isLast ? closingHead(response, head) : head;
}

function saysEventStream(headers: string | Headers | undefined): headers is Headers {
  return typeof headers === 'object' && isEventStreamType(typeAmong(headers));
}

function typeAmong(headers: Headers): OutgoingHttpHeader | undefined {
  return Array.isArray(headers) ? typeInList(headers) : typeIn(headers);
}

/** Every response with headers comes by here: nearly always they have one of the two usual names. */
function typeIn(headers: OutgoingHttpHeaders): OutgoingHttpHeader | undefined {
  const usual = headers[CONTENT_TYPE] ?? headers['Content-Type'];
  if (usual !== undefined) return usual;
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
  if (type === undefined) return false;
  const text = String(type);
  // Most types differ in this character: the rest is not worth a copy in small letters.
  const first = text.charAt(5);
  return (first === 'e' || first === 'E') && text.toLowerCase().startsWith(EVENT_STREAM);
}
