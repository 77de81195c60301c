/** What the command has to say, and how it ends. */
export interface Answer {
  /** 0: done, or it fits; 1: it does not, or the application would not start; 2: wrong use. */
  readonly exitCode: 0 | 1 | 2;
  /** For standard output: nothing but what was asked for. */
  readonly result: string;
  /** For standard error. */
  readonly remarks: readonly string[];
}
