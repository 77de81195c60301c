import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** The position in a stream of server-sent events. */
export type StreamPosition =
  | 'between events'
  | 'in an event'
  /**
   * The body is encoded (such as gzip) before it gets here, so the position is unknown and nothing may be appended.
   */
  | 'encoded';

/** A comment or an empty line. */
const NOTHING_OPEN = /^(?::[^\r\n]*)?$/;

/** Bytes of an open event that are kept; a longer event counts as open until it ends. */
const LOOKED_AT = 1_024;

/** Follows what is written to a stream of server-sent events. */
export class EventBoundary {
  /** The text since the last empty line. */
  #open = '';

  take(chunk: unknown): void {
    const text = this.#open + textOf(chunk);
    const end = Math.max(endOf(text, '\n\n'), endOf(text, '\r\n\r\n'), endOf(text, '\r\r'));
    const open = text.slice(end);
    this.#open = open.length > LOOKED_AT ? `data${open.slice(-4)}` : open;
  }

  get position(): StreamPosition {
    const lines = this.#open.split(/\r\n|\r|\n/);
    // What follows the last line break is a line that has not ended.
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
  // A compression middleware has replaced `write` on the response, and takes plain text.
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

/** The position of a stream; one that we do not follow counts as between events. */
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
  // All marks that we look for are ASCII.
  return chunk instanceof Uint8Array ? Buffer.from(chunk).toString('latin1') : '';
}

function endOf(text: string, mark: string): number {
  const at = text.lastIndexOf(mark);
  return at === -1 ? 0 : at + mark.length;
}
