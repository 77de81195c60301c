/** The command was asked for something that it cannot do; the message is one line that says what and where. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse';
}

/** What was thrown, in one line: its first, without a stack. */
export function firstLine(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return (
    text
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? 'something without a text'
  );
}
