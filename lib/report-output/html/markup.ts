/** A text that is markup already; any other text is escaped where it goes into markup. */
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

/** Markup with values in it: texts are escaped, lists are put side by side, `false` and `undefined` are left out. */
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
  // Characters that control something show as what they are: unreadable.
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '').replace(/(?![\n\t])\p{Cc}/gu, '\u{FFFD}');
}
