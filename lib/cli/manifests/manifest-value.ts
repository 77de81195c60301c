import { isRecord, shown } from '../../plan/check-setting.js';
import { WrongUse } from '../wrong-use.js';

/** A value in a manifest that knows its file and path, for error messages. */
export class ManifestValue {
  constructor(
    readonly raw: unknown,
    private readonly place: { readonly file: string; readonly path: string },
  ) {}

  /** Whether the value exists. YAML parses a key without a value as null. */
  get isThere(): boolean {
    return this.raw !== undefined && this.raw !== null;
  }

  /** The value at a path of keys; a missing value if there is none. */
  at(...keys: readonly string[]): ManifestValue {
    return keys.reduce<ManifestValue>((value, key) => value.#child(key), this);
  }

  /** The items of a list; empty if it is missing. */
  items(): readonly ManifestValue[] {
    if (!this.isThere) return [];
    if (!Array.isArray(this.raw)) return this.fail('a list');
    const { file, path } = this.place;
    return this.raw.map((raw: unknown, index) => new ManifestValue(raw, { file, path: `${path}[${index}]` }));
  }

  /** The entries of a map; empty if it is missing. */
  entries(): readonly (readonly [string, ManifestValue])[] {
    if (!this.isThere) return [];
    if (!isRecord(this.raw)) return this.fail('a map');
    return Object.keys(this.raw).map((key) => [key, this.at(key)] as const);
  }

  text(): string | undefined {
    if (!this.isThere) return undefined;
    return typeof this.raw === 'string' ? this.raw : this.fail('a string');
  }

  /** A number that is not negative. Accepts numeric strings, as some platforms do. */
  amount(unit: string): number | undefined {
    if (!this.isThere) return undefined;
    const { raw } = this;
    const value = typeof raw === 'string' && /^\d+(\.\d+)?$/.test(raw) ? Number(raw) : raw;
    return typeof value === 'number' && value >= 0 ? value : this.fail(`a number of ${unit}`);
  }

  /** A command, written as a list of words or as one line. */
  words(): string | undefined {
    if (!this.isThere) return undefined;
    return Array.isArray(this.raw) ? this.raw.join(' ') : this.text();
  }

  fail(expected: string): never {
    const { file, path } = this.place;
    throw new WrongUse(`${file}: ${path}: expected ${expected}, got ${shown(this.raw)}.`);
  }

  #child(key: string): ManifestValue {
    const { file, path } = this.place;
    const place = { file, path: path === '' ? key : `${path}.${key}` };
    if (!this.isThere) return new ManifestValue(undefined, place);
    return isRecord(this.raw) ? new ManifestValue(this.raw[key], place) : this.fail('a map');
  }
}
