import { isMethod, memberOf } from '../nest/members.js';

/** The methods of the transports' contexts that return the pattern of a message. */
const PATTERN_GETTERS = ['getPattern', 'getSubject', 'getTopic', 'getChannel'];

/** Patterns come from outside: a long one would fill the report. */
const NAME_LIMIT = 80;

/** The name of a message, from the context that Nest passes to its handler. */
export function nameOf(context: object): string | undefined {
  for (const getter of PATTERN_GETTERS) {
    const get = memberOf(context, getter);
    const pattern: unknown = isMethod(get) ? Reflect.apply(get, context, []) : undefined;
    if (typeof pattern === 'string') return cut(pattern);
  }
  return undefined;
}

/** The pattern of a message handler as text. */
export function patternText(pattern: unknown): string {
  if (typeof pattern === 'string') return cut(pattern);
  return cut(pattern instanceof RegExp ? String(pattern) : (JSON.stringify(pattern) ?? 'a message'));
}

function cut(pattern: string): string {
  return pattern.length > NAME_LIMIT ? `${pattern.slice(0, NAME_LIMIT)}…` : pattern;
}
