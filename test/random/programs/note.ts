import { openSync, writeSync } from 'node:fs';
import type { Noted } from '../journal.js';

const [, , , path = ''] = process.argv;
const file = openSync(path, 'a');

/** Writes a line of the journal before it returns, so that nothing that was done is missing, however the process ends. */
export function note(noted: Noted): void {
  writeSync(file, `${JSON.stringify({ ...noted, at: performance.timeOrigin + performance.now() })}\n`);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
