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
  /** Absolute, since the process may change its working directory. */
  readonly path: string;
  write(text: string): void;
  /** Returns the text; `undefined` if the file does not exist. */
  read(): string | undefined;
}

/** The files that reports are written to. */
export interface ReportFiles {
  open(path: string): WholeFile;
  /**
   * Overwrites a file in place: the platform has it mounted, and would not see a new file of the same name.
   *
   * @param missing whether a missing file is created or left alone
   * @returns whether the text was written
   */
  writeInPlace(path: string, text: string, missing: 'made' | 'left'): boolean;
}

/**
 * Writes the whole file synchronously, because the process may exit right after. Renaming makes it atomic: readers
 * see either the old or the new text.
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

/** The files of the machine. */
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

/** Opening a pipe that nobody reads would block forever. */
function isThere(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isFile()) throw new Error(`'${path}' is not a file`);
  return stats !== undefined;
}
