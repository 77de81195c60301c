import { isRecord, shown } from '../../plan/check-setting.js';
import { WrongUse } from '../wrong-use.js';

/** A value in a manifest, with its file and path, so that what is wrong with it can be told. */
export class ManifestValue {
  constructor(
    readonly raw: unknown,
    private readonly place: { readonly file: string; readonly path: string },
  ) {}

  /** Whether it is there; YAML has null for a key without a value. */
  get isThere(): boolean {
    return this.raw !== undefined && this.raw !== null;
  }

  /** What stands under a key; a value that is not there where nothing does. */
  at(...keys: readonly string[]): ManifestValue {
    return keys.reduce<ManifestValue>((value, key) => value.#child(key), this);
  }

  /** The items of a list; none where it is not there. */
  items(): readonly ManifestValue[] {
    if (!this.isThere) return [];
    if (!Array.isArray(this.raw)) return this.fail('a list');
    const { file, path } = this.place;
    return this.raw.map((raw: unknown, index) => new ManifestValue(raw, { file, path: `${path}[${index}]` }));
  }

  /** The keys and values of a map; none where it is not there. */
  entries(): readonly (readonly [string, ManifestValue])[] {
    if (!this.isThere) return [];
    if (!isRecord(this.raw)) return this.fail('a map');
    return Object.keys(this.raw).map((key) => [key, this.at(key)] as const);
  }

  text(): string | undefined {
    if (!this.isThere) return undefined;
    return typeof this.raw === 'string' ? this.raw : this.fail('a text');
  }

  /** A number of a unit that is not below 0; also as text, which some platforms take. */
  amount(unit: string): number | undefined {
    if (!this.isThere) return undefined;
    const { raw } = this;
    const value = typeof raw === 'string' && /^\d+(\.\d+)?$/.test(raw) ? Number(raw) : raw;
    return typeof value === 'number' && value >= 0 ? value : this.fail(`a number of ${unit}`);
  }

  /** A command as a list of words or as one line. */
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
