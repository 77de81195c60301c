/** The parts of an error, read once: later reads run no getter of the error. */
export interface ErrorSays {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | number | undefined;
  /** The `cause`, unread. */
  readonly cause: unknown;
  /** The first errors of an `AggregateError`; `undefined` for any other error. */
  readonly errors: readonly unknown[] | undefined;
}

/** The most errors that are read from an AggregateError, and entries from a list. */
const LISTED = 16;

/** The most nested lists that are read. */
const DEPTH = 3;

/** The most values that are visited to describe an object. */
const VISITED = 500;

const NO_TEXT = 'a value without a message';

/** Reads an error; `undefined` if the value is not one. Never throws. */
export function readError(thrown: unknown): ErrorSays | undefined {
  if (!looksLikeError(thrown)) return undefined;
  const name = read(thrown, 'name');
  const stack = read(thrown, 'stack');
  const code = read(thrown, 'code');
  const errors = listOf(read(thrown, 'errors'));
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: messageOf(thrown),
    stack: typeof stack === 'string' ? stack : undefined,
    code: typeof code === 'string' || (typeof code === 'number' && Number.isFinite(code)) ? code : undefined,
    cause: read(thrown, 'cause'),
    errors,
  };
}

/**
 * Describes a thrown value: the message of an error, a description of anything else. An error with an empty message is
 * described by its `errors`, its code or its name. Never throws.
 */
export function thrownText(thrown: unknown): string {
  const error = readError(thrown);
  if (error === undefined) return described(thrown, DEPTH);
  if (error.message !== '') return error.message;
  const { errors = [], code, name } = error;
  if (errors.length > 0) return joined(errors, (each) => readError(each)?.message ?? described(each, DEPTH));
  return String(code ?? name);
}

/** Like `thrownText`, with the name of the error in front. Never throws. */
export function namedText(thrown: unknown): string {
  const name = readError(thrown)?.name ?? '';
  const text = thrownText(thrown);
  return name === '' || name === text ? text : `${name}: ${text}`;
}

/** Whether the usual properties of an error can be read and have their types, so that callers can get it as it is. */
export function isWellFormed(error: object): boolean {
  try {
    const [name, message, stack = ''] = ['name', 'message', 'stack', 'cause', 'code'].map((key): unknown =>
      Reflect.get(error, key),
    );
    return [name, message, stack, String(error)].every((text) => typeof text === 'string');
  } catch {
    return false;
  }
}

/** Also true for errors of another realm, and for error-like objects of libraries. */
export function looksLikeError(thrown: unknown): thrown is object {
  if (typeof thrown !== 'object' || thrown === null) return false;
  try {
    return (
      thrown instanceof Error ||
      Object.prototype.toString.call(thrown) === '[object Error]' ||
      typeof read(thrown, 'stack') === 'string'
    );
  } catch {
    return false;
  }
}

function messageOf(error: object): string {
  try {
    const message: unknown = Reflect.get(error, 'message');
    if (typeof message === 'string') return message;
    return message === undefined || message === null ? '' : described(message, DEPTH);
  } catch {
    return 'an error whose message cannot be read';
  }
}

/** Getters and proxies may throw. */
function read(value: object, key: string | number): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    return undefined;
  }
}

/** The first entries of a list. Each is read separately, since one of them may throw. */
function listOf(value: unknown): readonly unknown[] | undefined {
  try {
    if (!Array.isArray(value)) return undefined;
    const list: object = value;
    return Array.from({ length: Math.min(value.length, LISTED) }, (_, index) => read(list, index));
  } catch {
    return undefined;
  }
}

function described(value: unknown, depth: number): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'function') return `the function ${String(nameOf(value))}`;
  if (typeof value !== 'object' || value === null) return String(value);
  const list = listOf(value);
  if (list !== undefined && list.length > 0 && depth > 0) {
    return joined(list, (each) => readError(each)?.message ?? described(each, depth - 1));
  }
  return ownText(value) ?? json(value) ?? NO_TEXT;
}

function nameOf(value: object): string {
  const name = read(value, 'name');
  return typeof name === 'string' && name !== '' ? name : '(anonymous)';
}

function joined(list: readonly unknown[], text: (each: unknown) => string): string {
  return list.map(text).join('; ');
}

/** The result of its own `toString`; the default `[object …]` says nothing. */
function ownText(value: object): string | undefined {
  try {
    const text = String(value);
    return text === '' || text.startsWith('[object ') ? undefined : text;
  } catch {
    return undefined;
  }
}

function json(value: object): string | undefined {
  let left = VISITED;
  try {
    const text: unknown = JSON.stringify(value, (_, each: unknown) => {
      left -= 1;
      if (left < 0) throw new RangeError('too much to describe');
      return each;
    });
    return typeof text === 'string' && text !== '{}' ? text : undefined;
  } catch {
    return undefined;
  }
}
