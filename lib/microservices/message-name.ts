import { isMethod, memberOf } from '../nest/members.js';

/** What the contexts of the transports call the pattern of a message. */
const PATTERN_GETTERS = ['getPattern', 'getSubject', 'getTopic', 'getChannel'];

/** A pattern comes from outside: it is cut where it would fill the report. */
const NAME_LIMIT = 80;

/** What a message is called, by what Nest hands to its handler. */
export function nameOf(context: object): string | undefined {
  for (const getter of PATTERN_GETTERS) {
    const get = memberOf(context, getter);
    const pattern: unknown = isMethod(get) ? Reflect.apply(get, context, []) : undefined;
    if (typeof pattern === 'string') return cut(pattern);
  }
  return undefined;
}

/** The pattern of a handler as text. */
export function patternText(pattern: unknown): string {
  if (typeof pattern === 'string') return cut(pattern);
  return cut(pattern instanceof RegExp ? String(pattern) : (JSON.stringify(pattern) ?? 'a message'));
}

function cut(pattern: string): string {
  return pattern.length > NAME_LIMIT ? `${pattern.slice(0, NAME_LIMIT)}…` : pattern;
}
