import { isRecord, shown } from '../plan/check-setting.js';

/** A stored report cannot be read: what is wrong with it, and where. */
export class ShutdownReportError extends Error {
  override readonly name = 'ShutdownReportError';
  readonly code = 'SHUTDOWN_REPORT_UNREADABLE';

  constructor(
    /** Where in the report: `phases[2].tasks[0].outcome`; empty for the whole. */
    readonly path: string,
    problem: string,
  ) {
    super(path === '' ? problem : `${path}: ${problem}`);
  }
}

/** A place in a stored report, which knows its path. */
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

  /** The place of a key; of a value that is no object there is none. */
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
    if (typeof this.value !== 'string') throw this.refusal('a text');
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

/** A part of an object that is left out where the stored one has not got it. */
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
