import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Where a stream of server-sent events stands. */
export type StreamPosition =
  | 'between events'
  | 'in an event'
  /** Its writer encodes it before it gets here, so nobody can say, and nothing may be put behind it. */
  | 'encoded';

/** A line that is a comment, or empty. */
const NOTHING_OPEN = /^(?::[^\r\n]*)?$/;

/** So much of an event is looked at; one that is longer is open until its end comes. */
const LOOKED_AT = 1_024;

/** Follows what is written to a stream of server-sent events. */
export class EventBoundary {
  /** What was written since the last empty line. */
  #open = '';

  take(chunk: unknown): void {
    const text = this.#open + textOf(chunk);
    const end = Math.max(endOf(text, '\n\n'), endOf(text, '\r\n\r\n'), endOf(text, '\r\r'));
    const open = text.slice(end);
    this.#open = open.length > LOOKED_AT ? `data${open.slice(-4)}` : open;
  }

  get position(): StreamPosition {
    const lines = this.#open.split(/\r\n|\r|\n/);
    // What stands behind the last end of a line is a line that has not ended.
    const isOpen = lines.pop() !== '' || !lines.every((line) => NOTHING_OPEN.test(line));
    return isOpen ? 'in an event' : 'between events';
  }
}

type Followed = EventBoundary | 'encoded';

const followed = new WeakMap<ServerResponse, Followed>();

/** Follows the events of a response from here on. */
export function followEvents(
  response: ServerResponse,
  headers: OutgoingHttpHeaders | readonly OutgoingHttpHeader[],
): void {
  if (followed.has(response)) return;
  // A middleware that compresses has put a `write` of its own in front, and takes text.
  if (isEncoded(response, headers) && !Object.hasOwn(response, 'write')) {
    followed.set(response, 'encoded');
    return;
  }
  const boundary = new EventBoundary();
  followed.set(response, boundary);
  const { write } = response;
  response.write = (...args: readonly unknown[]): boolean => {
    boundary.take(args[0]);
    return Reflect.apply(write, response, args);
  };
}

/** Where a stream stands; one that nobody has followed is taken to be between events. */
export function positionOf(response: ServerResponse): StreamPosition {
  const found = followed.get(response);
  if (found === 'encoded') return 'encoded';
  return found?.position ?? 'between events';
}

function isEncoded(
  response: ServerResponse,
  headers: OutgoingHttpHeaders | readonly OutgoingHttpHeader[],
): boolean {
  const names = Array.isArray(headers) ? headers.flat() : Object.keys(headers);
  const isNamed = names.some((name) => String(name).toLowerCase() === 'content-encoding');
  return isNamed || response.hasHeader('content-encoding');
}

function textOf(chunk: unknown): string {
  if (typeof chunk === 'string') return chunk;
  // All that is looked for is of ASCII.
  return chunk instanceof Uint8Array ? Buffer.from(chunk).toString('latin1') : '';
}

function endOf(text: string, mark: string): number {
  const at = text.lastIndexOf(mark);
  return at === -1 ? 0 : at + mark.length;
}
