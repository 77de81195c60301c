import { shortened } from '../plan/printable.js';
import { readError, thrownText, type ErrorSays } from '../plan/thrown.js';

/** An error in JSON form. */
export interface ErrorJson {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** The `code` of Node and of many libraries, such as `ECONNREFUSED`. */
  readonly code?: string | number;
  /** The `cause`: an error, or the text of any other value. */
  readonly cause?: ThrownJson;
  /** The errors of an `AggregateError`. */
  readonly errors?: readonly ThrownJson[];
}

/** A thrown value in JSON form: an error, or the text of any other value. */
export type ThrownJson = ErrorJson | string;

/** The most nested causes. */
const DEPTH = 8;
/** The most errors in total. */
const WRITTEN = 100;
/** The most characters of one text. */
const LENGTH = 8_000;

/**
 * Converts a thrown value to JSON. Never throws, even if getters of the value do. Circular causes are cut.
 *
 * @param redact removes from a text what must not be stored
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
    if (this.#above.has(thrown)) return this.#text(`${thrownText(thrown)} (circular)`);
    // Two limits, since causes nest and AggregateErrors list: the result could grow in both directions.
    if (depth === 0 || this.#left === 0) return this.#text(`${thrownText(thrown)} (more causes omitted)`);
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

/** Restores an error with its causes. Any other thrown value is restored as its text. */
export function errorFromJson({ name, message, stack, code, cause, errors }: ErrorJson): Error {
  const listed = errors?.map(thrownFromJson);
  const error = listed === undefined ? new Error(message) : new AggregateError(listed, message);
  // Without this, the stack would point to this line.
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
