/** An error as JSON holds it. */
export interface ErrorJson {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** The code of Node and of many libraries, such as `ECONNREFUSED`. */
  readonly code?: string | number;
  /** What it says it was caused by: an error, or any other thrown value as a text. */
  readonly cause?: ThrownJson;
  /** Those of an `AggregateError`. */
  readonly errors?: readonly ThrownJson[];
}

/** Whatever was thrown: an error, or the text of a value that is none. */
export type ThrownJson = ErrorJson | string;

/** Causes of causes that are followed, errors of an AggregateError that are listed, characters of a text. */
const DEPTH = 8;
const LISTED = 16;
const LENGTH = 8_000;

/**
 * Anything that was thrown, as JSON holds it. Never throws, whatever the value does when it is looked at, and ends
 * where a cause leads back to an error that caused it.
 *
 * @param redact takes out of a text what must not be stored
 */
export function thrownToJson(thrown: unknown, redact: (text: string) => string): ThrownJson {
  return new ErrorWriter(redact).thrown(thrown, DEPTH);
}

class ErrorWriter {
  readonly #above = new Set<unknown>();

  constructor(private readonly redact: (text: string) => string) {}

  thrown(thrown: unknown, depth: number): ThrownJson {
    const message = read(thrown, 'message');
    if (!looksLikeError(thrown) || typeof message !== 'string') return this.#text(described(thrown));
    if (this.#above.has(thrown)) return this.#text(`${message} (the same error again)`);
    if (depth === 0) return this.#text(`${message} (and more causes)`);
    this.#above.add(thrown);
    const json = this.#error(thrown, message, depth - 1);
    this.#above.delete(thrown);
    return json;
  }

  #error(error: object, message: string, depth: number): ErrorJson {
    const name = read(error, 'name');
    const stack = read(error, 'stack');
    const code = read(error, 'code');
    const cause = read(error, 'cause');
    const errors = read(error, 'errors');
    return {
      name: typeof name === 'string' ? this.#text(name) : 'Error',
      message: this.#text(message),
      ...(typeof stack === 'string' ? { stack: this.#text(stack) } : {}),
      ...(typeof code === 'string' ? { code: this.#text(code) } : {}),
      ...(typeof code === 'number' && Number.isFinite(code) ? { code } : {}),
      ...(cause === undefined ? {} : { cause: this.thrown(cause, depth) }),
      ...(Array.isArray(errors)
        ? { errors: errors.slice(0, LISTED).map((each) => this.thrown(each, depth)) }
        : {}),
    };
  }

  #text(text: string): string {
    const redacted = this.redact(text);
    return redacted.length <= LENGTH ? redacted : `${redacted.slice(0, LENGTH - 1)}…`;
  }
}

/** The error that was stored, with its causes; any other thrown value is its text. */
export function errorFromJson({ name, message, stack, code, cause, errors }: ErrorJson): Error {
  const listed = errors?.map(thrownFromJson);
  const error = listed === undefined ? new Error(message) : new AggregateError(listed, message);
  // The stack of the reader would say nothing about the error.
  define(error, 'stack', stack ?? `${name}: ${message}`);
  define(error, 'name', name);
  if (code !== undefined) define(error, 'code', code);
  if (cause !== undefined) define(error, 'cause', thrownFromJson(cause));
  return error;
}

export function thrownFromJson(json: ThrownJson): unknown {
  return typeof json === 'string' ? json : errorFromJson(json);
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, {
    value,
    configurable: true,
    writable: true,
    enumerable: key === 'code',
  });
}

/** Also errors of another realm, and what a library makes to look like one. */
function looksLikeError(thrown: unknown): thrown is object {
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

/** A getter may throw, and a proxy at everything. */
function read(value: unknown, key: string): unknown {
  try {
    return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  } catch {
    return undefined;
  }
}

function described(thrown: unknown): string {
  try {
    if (typeof thrown !== 'object' || thrown === null) return String(thrown);
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return stringOf(thrown);
  }
}

function stringOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'something without a text';
  }
}
