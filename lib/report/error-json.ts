import { shortened } from '../plan/printable.js';
import { readError, thrownText, type ErrorSays } from '../plan/thrown.js';

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

/** Causes of causes that are followed, errors that are written in all, characters of a text. */
const DEPTH = 8;
const WRITTEN = 100;
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
  #left = WRITTEN;

  constructor(private readonly redact: (text: string) => string) {}

  thrown(thrown: unknown, depth: number): ThrownJson {
    const error = readError(thrown);
    if (error === undefined) return this.#text(thrownText(thrown));
    if (this.#above.has(thrown)) return this.#text(`${thrownText(thrown)} (the same error again)`);
    // Errors that list errors could grow without end in both directions.
    if (depth === 0 || this.#left === 0) return this.#text(`${thrownText(thrown)} (and more causes)`);
    this.#left -= 1;
    this.#above.add(thrown);
    const json = this.#error(error, depth - 1);
    this.#above.delete(thrown);
    return json;
  }

  #error({ name, message, stack, code, cause, errors }: ErrorSays, depth: number): ErrorJson {
    return {
      name: this.#text(name),
      message: this.#text(message),
      ...(stack === undefined ? {} : { stack: this.#text(stack) }),
      ...(code === undefined ? {} : { code: typeof code === 'string' ? this.#text(code) : code }),
      ...(cause === undefined ? {} : { cause: this.thrown(cause, depth) }),
      ...(errors === undefined ? {} : { errors: errors.map((each) => this.thrown(each, depth)) }),
    };
  }

  #text(text: string): string {
    return shortened(this.redact(text), LENGTH);
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
