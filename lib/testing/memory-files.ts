import type { ReportFiles, WholeFile } from '../report-output/stored-file.js';

/** Keeps written files in memory, and does not touch the disk. */
export class MemoryFiles implements ReportFiles {
  readonly #texts = new Map<string, string>();

  /** The latest text of each file, by the path as given. */
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
