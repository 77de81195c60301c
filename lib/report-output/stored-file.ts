import {
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';

/** A file that is read and written as a whole. */
export interface WholeFile {
  /** Absolute, since the process may go to another folder. */
  readonly path: string;
  write(text: string): void;
  /** Its text; `undefined` where there is no such file. */
  read(): string | undefined;
}

/** The files that reports are written to. */
export interface ReportFiles {
  open(path: string): WholeFile;
  /**
   * Writes into a file in its place: the platform has it mounted, and would not see another one of the same name.
   *
   * @param missing whether a file that is not there is made, or left
   * @returns whether it was written
   */
  writeInPlace(path: string, text: string, missing: 'made' | 'left'): boolean;
}

/**
 * A file that is written as a whole, before the call returns: the process may end right after. Who reads it sees
 * what was there before or what is there now, and nothing in between.
 */
class StoredFile implements WholeFile {
  readonly path: string;
  readonly #draft: string;

  constructor(path: string) {
    this.path = resolve(path);
    this.#draft = `${this.path}.${randomUUID().slice(0, 8)}.tmp`;
  }

  write(text: string): void {
    try {
      writeFileSync(this.#draft, text);
      renameSync(this.#draft, this.path);
    } catch (error) {
      rmSync(this.#draft, { force: true });
      throw error;
    }
  }

  read(): string | undefined {
    if (!isThere(this.path)) return undefined;
    return readFileSync(this.path, 'utf8');
  }
}

/** Those of the machine. */
export const storedFiles: ReportFiles = { open: (path) => new StoredFile(path), writeInPlace };

function writeInPlace(path: string, text: string, missing: 'made' | 'left'): boolean {
  if (!isThere(path)) {
    if (missing === 'left') return false;
    writeFileSync(path, text);
    return true;
  }
  const file = openSync(path, 'r+');
  try {
    ftruncateSync(file);
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
  return true;
}

/** To open a pipe that nobody reads would never end. */
function isThere(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isFile()) throw new Error(`'${path}' is no file`);
  return stats !== undefined;
}
