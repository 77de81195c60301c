/** The code of one mistake in the configuration. */
export type ShutdownMistakeCode =
  | 'SHUTDOWN_UNKNOWN_OPTION'
  | 'SHUTDOWN_INVALID_OPTION'
  | 'SHUTDOWN_INVALID_NAME'
  | 'SHUTDOWN_INVALID_TIMEOUT'
  | 'SHUTDOWN_TIMEOUT_EXCEEDS_PHASE'
  | 'SHUTDOWN_DELAY_EXCEEDS_PHASE'
  | 'SHUTDOWN_NO_PHASES'
  | 'SHUTDOWN_DUPLICATE_PHASE'
  | 'SHUTDOWN_UNKNOWN_PHASE'
  | 'SHUTDOWN_PHASE_CYCLE'
  | 'SHUTDOWN_DUPLICATE_TASK'
  | 'SHUTDOWN_UNKNOWN_TASK'
  | 'SHUTDOWN_TASK_CYCLE'
  | 'SHUTDOWN_TASK_ORDER'
  | 'SHUTDOWN_NOT_A_FUNCTION'
  | 'SHUTDOWN_REQUEST_SCOPED'
  | 'SHUTDOWN_DUPLICATE_MODULE'
  | 'SHUTDOWN_MODULE_MISSING'
  | 'SHUTDOWN_SECOND_NEST';

/** One mistake: which kind, where it stands, and a sentence that says what to do. */
export interface ShutdownMistake {
  readonly code: ShutdownMistakeCode;
  /** Where it stands: `phases[1].after[0]`, `shutdownDelay`, `OrdersOutbox.publishRest`. */
  readonly path: string;
  readonly message: string;
}

/** Thrown at boot, with every mistake of the configuration at once. A run never throws it. */
export class ShutdownConfigurationError extends Error {
  override readonly name = 'ShutdownConfigurationError';
  readonly code = 'SHUTDOWN_CONFIGURATION';

  constructor(readonly mistakes: readonly ShutdownMistake[]) {
    super(
      [
        mistakes.length === 1
          ? 'The shutdown is configured wrongly:'
          : `The shutdown is configured wrongly in ${mistakes.length} places:`,
        ...mistakes.map(({ code, path, message }) => `  ${path}: ${message} [${code}]`),
      ].join('\n'),
    );
  }
}

/** Collects mistakes, so that all of them are told at once. */
export class MistakeList {
  readonly #mistakes: ShutdownMistake[] = [];

  add(code: ShutdownMistakeCode, path: string, message: string): void {
    this.#mistakes.push({ code, path, message });
  }

  addAll(mistakes: readonly ShutdownMistake[]): void {
    this.#mistakes.push(...mistakes);
  }

  /** Another list that begins with the same mistakes. */
  copy(): MistakeList {
    const copy = new MistakeList();
    copy.addAll(this.#mistakes);
    return copy;
  }

  get all(): readonly ShutdownMistake[] {
    return this.#mistakes;
  }

  throwIfAny(): void {
    if (this.#mistakes.length > 0) throw new ShutdownConfigurationError([...this.#mistakes]);
  }
}
