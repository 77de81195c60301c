import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/**
 * Headers in any form that `writeHead` accepts: an object, a flat list of alternating names and values, or a list
 * of pairs.
 */
export type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

/** The arguments of `writeHead`. */
export type Head = [status: number, reason?: string | Headers | undefined, headers?: Headers | undefined];

type Entry = readonly [name: string, value: OutgoingHttpHeader | undefined];

/**
 * Returns the arguments of `writeHead` with `Connection: close`. Node lets headers passed to `writeHead` override
 * those set before, so the header goes into the same form.
 */
export function closingHead(response: ServerResponse, head: Head): Head {
  const [status, reason, third] = head;
  // After 101 the connection no longer speaks HTTP.
  if (status === 101) return head;
  const headers = third ?? reason;
  const before = response.getHeader('Connection');
  response.removeHeader('Keep-Alive');
  if (typeof headers !== 'object') {
    response.setHeader('Connection', closing(before));
    return head;
  }
  const written = withClose(headers, before);
  return typeof reason === 'string' ? [status, reason, written] : [status, written];
}

function withClose(headers: Headers, before: OutgoingHttpHeader | undefined): Headers {
  const entries = entriesOf(headers);
  const named = entries.filter(([name]) => isNamed(name, 'connection')).map(([, value]) => value);
  const kept = entries.filter(([name]) => !isNamed(name, 'connection') && !isNamed(name, 'keep-alive'));
  const all = [...kept, ['Connection', closing(named.at(-1) ?? before)] as const];
  if (!Array.isArray(headers)) return Object.fromEntries(all);
  // Node accepts a list of pairs too, but its typings know only the flat list.
  return (arePairs(headers) ? all : all.flat()) as OutgoingHttpHeader[];
}

function entriesOf(headers: Headers): readonly Entry[] {
  if (!Array.isArray(headers)) return Object.entries(headers);
  const list: readonly OutgoingHttpHeader[] = headers;
  if (arePairs(list)) return list.map(([name = '', value]) => [String(name), value]);
  return list.flatMap((name, at): readonly Entry[] => (at % 2 === 0 ? [[String(name), list[at + 1]]] : []));
}

function arePairs(headers: readonly OutgoingHttpHeader[]): headers is readonly string[][] {
  return Array.isArray(headers[0]);
}

function isNamed(name: string, wanted: string): boolean {
  return name.toLowerCase() === wanted;
}

/** Keeps the other options of the header, such as `Upgrade` of a 426 or hop-by-hop header names. */
function closing(value: OutgoingHttpHeader | undefined): string {
  const options = String(value ?? '')
    .split(',')
    .map((option) => option.trim())
    .filter((option) => option !== '' && !/^(?:keep-alive|close)$/i.test(option));
  return [...options, 'close'].join(', ');
}
