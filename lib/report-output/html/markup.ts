/** Trusted markup. Plain strings are escaped. */
export class Markup {
  constructor(readonly text: string) {}
}

export type Part = Markup | string | number | false | undefined | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Inserts values into markup: strings are escaped, lists are concatenated, `false` and `undefined` are omitted. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Markup {
  return new Markup(strings.map((text, index) => text + rendered(values[index])).join(''));
}

function rendered(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (part === undefined || part === false) return '';
  if (typeof part === 'object') return part.map(rendered).join('');
  return escaped(String(part));
}

function escaped(text: string): string {
  // Control characters are not valid in HTML.
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '').replace(/(?![\n\t])\p{Cc}/gu, '\u{FFFD}');
}
