import { isRecord, shown } from '../plan/check-setting.js';

/** A stored report cannot be read. The message says where, what was expected there, and what was found. */
export class ShutdownReportError extends Error {
  override readonly name = 'ShutdownReportError';
  readonly code = 'SHUTDOWN_REPORT_UNREADABLE';

  constructor(
    /** The place in the report: `phases[2].tasks[0].outcome`; empty for the whole report. */
    readonly path: string,
    problem: string,
  ) {
    super(path === '' ? problem : `${path}: ${problem}`);
  }
}

/** A value of a stored report, with its path. */
export class StoredValue {
  constructor(
    private readonly value: unknown,
    readonly path = '',
  ) {}

  get isThere(): boolean {
    return this.value !== undefined;
  }

  get isText(): boolean {
    return typeof this.value === 'string';
  }

  /** The value of a key. Throws if this value is not an object. */
  at(key: string): StoredValue {
    if (!isRecord(this.value)) throw this.refusal('an object');
    const value = Object.hasOwn(this.value, key) ? this.value[key] : undefined;
    return new StoredValue(value, this.path === '' ? key : `${this.path}.${key}`);
  }

  list<T>(read: (each: StoredValue) => T): readonly T[] {
    const { value, path } = this;
    if (!Array.isArray(value)) throw this.refusal('a list');
    return value.map((each: unknown, index) => read(new StoredValue(each, `${path}[${index}]`)));
  }

  text(): string {
    if (typeof this.value !== 'string') throw this.refusal('a string');
    return this.value;
  }

  number(): number {
    if (typeof this.value !== 'number' || !Number.isFinite(this.value)) throw this.refusal('a number');
    return this.value;
  }

  textOrNumber(): string | number {
    return typeof this.value === 'number' ? this.number() : this.text();
  }

  oneOf<T extends string | number | boolean>(known: readonly T[]): T {
    const found = known.find((each) => each === this.value);
    if (found === undefined) throw this.refusal(known.map(shown).join(' or '));
    return found;
  }

  refusal(expected: string): ShutdownReportError {
    return new ShutdownReportError(this.path, `expected ${expected}, got ${shown(this.value)}.`);
  }
}

/** `{ [key]: … }` if the stored object has the key, else `{}`. */
export function optional<K extends string, T>(
  from: StoredValue,
  key: K,
  read: (value: StoredValue) => T,
): { readonly [P in K]?: T } {
  const value = from.at(key);
  if (!value.isThere) return {};
  const part: { [P in K]?: T } = {};
  part[key] = read(value);
  return part;
}
