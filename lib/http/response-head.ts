import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Method } from '../nest/members.js';
import { closingHead, type Head, type Headers } from './closing-head.js';
import { followEvents } from './event-boundary.js';

const CONTENT_TYPE = 'content-type';
const EVENT_STREAM = 'text/event-stream';

/**
 * Whether the connection closes after this response, asked at the last moment at which its headers can say so.
 * `undefined` while clients may stay.
 */
type Closes = (response: ServerResponse) => boolean | undefined;

type WriteHead = (this: ServerResponse, ...head: Head) => ServerResponse;

/** Responses whose event-stream type was passed to `writeHead`: Node does not store those headers. */
const writtenAsEventStream = new WeakSet<ServerResponse>();

/** Whether a response whose head has been sent is a stream of server-sent events. */
export function isEventStream(response: ServerResponse): boolean {
  return writtenAsEventStream.has(response) || isEventStreamType(response.getHeader(CONTENT_TYPE));
}

/**
 * Creates the function that replaces `writeHead` on all responses of a server. One shared function: a property with
 * the same value on every response costs almost nothing, while a closure per response would be most of the drain's
 * overhead per request.
 */
export function headWriter(closes: Closes): WriteHead {
  // Runs for every response: the arguments are not collected into a list unless something has to change.
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

/** Inspects the head of a response when it is written, the only moment at which all of it is visible. */
export function lookAtHead(response: ServerResponse, writeHead: WriteHead, closes: Closes): void {
  if (!Object.hasOwn(response, 'writeHead')) {
    response.writeHead = writeHead;
    return;
  }
  const next = response.writeHead;
  // After `checkContinue` the server emits the same request a second time.
  if (next === writeHead) return;
  response.writeHead = (...head: Head): ServerResponse => {
    Reflect.apply(next, response, looked(response, head, closes));
    return response;
  };
}

/** Returns the head to write. */
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

/** In a list, names and values alternate or come in pairs. */
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
