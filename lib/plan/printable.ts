/** The most characters of one text in a log line. */
const LENGTH = 8_000;

const ESCAPE = String.fromCodePoint(0x1b);

/** ANSI escape sequences: colours, cursor movements. */
const COMMANDS = new RegExp(`${ESCAPE}\\[[0-9;?]*[ -/]*[@-~]`, 'g');

const CONTROLS = /(?![\n\t])\p{Cc}/gu;

/** Makes foreign text safe for a log line: no escape sequences, no control characters, at most 8 000 characters. */
export function printable(text: string): string {
  const plain = shortened(text, LENGTH).replace(COMMANDS, '').replaceAll('\r\n', '\n');
  return plain.replace(CONTROLS, '\u{FFFD}');
}

/** Truncates a text to at most `length` characters. */
export function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
