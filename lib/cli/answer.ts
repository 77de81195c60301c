/** The output and exit code of the command. */
export interface Answer {
  /** 0: success, or the plan fits. 1: it does not fit, or the application would not start. 2: wrong usage. */
  readonly exitCode: 0 | 1 | 2;
  /** For standard output: only the requested result. */
  readonly result: string;
  /** For standard error. */
  readonly remarks: readonly string[];
}
