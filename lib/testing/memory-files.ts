import type { ReportFiles, WholeFile } from '../report-output/stored-file.js';

/** Keeps what is written to files, and leaves those of the machine alone. */
export class MemoryFiles implements ReportFiles {
  readonly #texts = new Map<string, string>();

  /** What was written last, by path as it was given. */
  get texts(): ReadonlyMap<string, string> {
    return this.#texts;
  }

  open(path: string): WholeFile {
    return {
      path,
      write: (text) => void this.#texts.set(path, text),
      read: () => this.#texts.get(path),
    };
  }

  writeInPlace(path: string, text: string): boolean {
    this.#texts.set(path, text);
    return true;
  }
}
