import type { Trigger } from './guarded-application.js';

/** The argument of `GracefulShutdown.exit()`. */
export interface ExitRequest {
  /**
   * Why the application exits; appears in the log and the report.
   * @default 'GracefulShutdown.exit()'
   */
  readonly reason?: string;
  /**
   * The exit code, from 0 to 255. If it is 0 or omitted, a shutdown that is not clean exits with code 1.
   * @default 0
   */
  readonly code?: number;
}

type ExitTrigger = Extract<Trigger, { kind: 'exit' }>;

/** Passes an application's requests to exit on to the process guard. */
export class ExitRequests {
  #answer: ((trigger: ExitTrigger) => void) | undefined;

  /** From now on, requests go to this function. */
  connect(answer: (trigger: ExitTrigger) => void): void {
    this.#answer = answer;
  }

  /** @throws RangeError if `code` is not an exit code, Error if `enableGracefulShutdown` was not called */
  ask({ reason = 'GracefulShutdown.exit()', code }: ExitRequest): void {
    if (code !== undefined && !(Number.isInteger(code) && code >= 0 && code <= 255)) {
      throw new RangeError(
        `GracefulShutdown.exit({ code }): expected an integer from 0 to 255, got ${String(code)}.`,
      );
    }
    if (this.#answer === undefined) {
      throw new Error(
        'GracefulShutdown.exit(): enableGracefulShutdown(app) was not called, so nothing would exit the process. Call it right after the application is created.',
      );
    }
    this.#answer({ kind: 'exit', message: String(reason), ...(code === undefined ? {} : { code }) });
  }
}
