/** Wrong usage of the command. The message is one line that says what is wrong and where. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse';
}

/** The first line of a thrown value, without a stack. */
export function firstLine(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return (
    text
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? 'unknown error'
  );
}
