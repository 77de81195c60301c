/** A block of YAML in the style of the manifests here: a key in a line, what belongs to it further right. */
export class Yaml {
  readonly #lines: readonly string[];

  constructor(text: string) {
    this.#lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  }

  /** What stands under a key. */
  under(key: string): Yaml {
    const from = this.#lines.findIndex((line) => line.trim() === `${key}:`);
    const indent = indentOf(this.#lines[from] ?? '');
    const rest = this.#lines.slice(from + 1);
    const length = rest.findIndex((line) => indentOf(line) <= indent);
    if (from === -1) throw new Error(`there is no '${key}:'`);
    return new Yaml(rest.slice(0, length === -1 ? undefined : length).join('\n'));
  }

  /** The number of a key, which has to be there once. */
  number(key: string): number {
    return Number(this.text(key));
  }

  /** The value of a key, which has to be there once, in a line of its own or within braces. */
  text(key: string): string {
    const found = this.#lines.flatMap((line) => {
      const value = new RegExp(`(?:^|[\\s{])${key}: ([^,}#]+)`).exec(line)?.[1];
      return value === undefined ? [] : [value.trim().replaceAll("'", '')];
    });
    const [value] = found;
    if (value === undefined || found.length > 1) throw new Error(`'${key}' is there ${found.length} times`);
    return value;
  }
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
