import type { Trigger } from './guarded-application.js';

/** What `GracefulShutdown.exit()` takes. */
export interface ExitRequest {
  /**
   * Why, for the log and the report.
   * @default 'GracefulShutdown.exit()'
   */
  readonly reason?: string;
  /**
   * The exit code, from 0 to 255. A shutdown that is not clean exits with 1 where this is 0 or not given.
   * @default 0
   */
  readonly code?: number;
}

type ExitTrigger = Extract<Trigger, { kind: 'exit' }>;

/** Takes the requests of an application for its own end to what ends the process. */
export class ExitRequests {
  #answer: ((trigger: ExitTrigger) => void) | undefined;

  /** Has the requests answered from here on. */
  connect(answer: (trigger: ExitTrigger) => void): void {
    this.#answer = answer;
  }

  /** @throws Error where the code cannot be one, or nothing here may end the process */
  ask({ reason = 'GracefulShutdown.exit()', code }: ExitRequest): void {
    if (code !== undefined && !(Number.isInteger(code) && code >= 0 && code <= 255)) {
      throw new RangeError(
        `GracefulShutdown.exit({ code }): expected an integer from 0 to 255, got ${String(code)}.`,
      );
    }
    if (this.#answer === undefined) {
      throw new Error(
        'GracefulShutdown.exit(): nothing ends the process here. Call enableGracefulShutdown(app) after the application is created.',
      );
    }
    this.#answer({ kind: 'exit', message: String(reason), ...(code === undefined ? {} : { code }) });
  }
}
