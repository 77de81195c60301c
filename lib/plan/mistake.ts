/** The code of one problem in the configuration. */
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

/** One problem in the options, the handlers or the registered tasks. */
export interface ShutdownMistake {
  readonly code: ShutdownMistakeCode;
  /** The wrong value: `phases[1].after[0]`, `shutdownDelay`, `OrdersOutbox.publishRest.timeout`. */
  readonly path: string;
  /** What is wrong, and what to write instead. */
  readonly message: string;
}

/**
 * The shutdown is configured incorrectly. Thrown at boot and by `register()`, with all problems at once; `run()` rejects
 * with it if `from` is unknown.
 */
export class ShutdownConfigurationError extends Error {
  override readonly name = 'ShutdownConfigurationError';
  readonly code = 'SHUTDOWN_CONFIGURATION';

  constructor(readonly mistakes: readonly ShutdownMistake[]) {
    super(
      [
        mistakes.length === 1
          ? 'Invalid shutdown configuration:'
          : `Invalid shutdown configuration (${mistakes.length} problems):`,
        ...mistakes.map(({ code, path, message }) => `  ${path}: ${message} [${code}]`),
      ].join('\n'),
    );
  }
}

/** Collects the problems of a configuration, so that one error reports all of them. */
export class MistakeList {
  readonly #mistakes: ShutdownMistake[] = [];

  add(code: ShutdownMistakeCode, path: string, message: string): void {
    this.#mistakes.push({ code, path, message });
  }

  addAll(mistakes: readonly ShutdownMistake[]): void {
    this.#mistakes.push(...mistakes);
  }

  /** A list of its own that starts with the same problems. */
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
