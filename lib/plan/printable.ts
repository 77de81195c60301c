/** Characters of one text that go into a log line. */
const LENGTH = 8_000;

const ESCAPE = String.fromCodePoint(0x1b);

/** What a terminal takes for a colour or another command. */
const COMMANDS = new RegExp(`${ESCAPE}\\[[0-9;?]*[ -/]*[@-~]`, 'g');

const CONTROLS = /(?![\n\t])\p{Cc}/gu;

/** A text of somebody else for a line of ours: without commands for the terminal, and cut where it is very long. */
export function printable(text: string): string {
  const plain = shortened(text, LENGTH).replace(COMMANDS, '').replaceAll('\r\n', '\n');
  return plain.replace(CONTROLS, '\u{FFFD}');
}

/** A text of at most so many characters. */
export function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
