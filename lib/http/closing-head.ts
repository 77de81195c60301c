import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Headers as `writeHead` takes them: an object, a list in which names and values take turns, or one of pairs. */
export type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

/** The arguments of `writeHead`. */
export type Head = [status: number, reason?: string | Headers | undefined, headers?: Headers | undefined];

type Entry = readonly [name: string, value: OutgoingHttpHeader | undefined];

/**
 * The head of a response that closes its connection. Headers that are written with the head have the last word
 * at Node, so the word is put in there, in the form that they have.
 */
export function closingHead(response: ServerResponse, head: Head): Head {
  const [status, reason, third] = head;
  // The connection leaves HTTP with it.
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
  // Node's typings know the list of names and values only, and Node takes the one of pairs as well.
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

/** What else the header says stays: `Upgrade` of a 426, or the names of headers for this hop. */
function closing(value: OutgoingHttpHeader | undefined): string {
  const options = String(value ?? '')
    .split(',')
    .map((option) => option.trim())
    .filter((option) => option !== '' && !/^(?:keep-alive|close)$/i.test(option));
  return [...options, 'close'].join(', ');
}
