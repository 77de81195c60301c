/** A message to the operator, as data: made beside its cause, and logged in one place. */
export interface Notice {
  /** Names what it is about. `doctor.ignore` takes the code of a finding. */
  readonly code: string;
  readonly level: 'log' | 'warn' | 'error';
  readonly text: string;
  /** What was thrown: the log adds its stack. */
  readonly error?: unknown;
}

/** Takes a notice to the log. */
export type Notify = (notice: Notice) => void;

/** Something that the operator may want to know. */
export function information(code: string, text: string): Notice {
  return { code, level: 'log', text };
}

/** Something that the operator should change. */
export function warning(code: string, text: string): Notice {
  return { code, level: 'warn', text };
}

/** Something that went wrong. */
export function failure(code: string, text: string, error?: unknown): Notice {
  return { code, level: 'error', text, ...(error === undefined ? {} : { error }) };
}

/** Something that a feature cannot drain, or only in part. */
export function notDrained(what: string, why: string): Notice {
  return warning('not-drained', `${what} is not drained: ${why}.`);
}
