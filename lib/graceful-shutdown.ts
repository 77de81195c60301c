import type { Observable } from 'rxjs';
import type { ApplicationShutdown, ShutdownState } from './lifecycle/application-shutdown.js';
import type { ExitRequest, ExitRequests } from './process/exit-requests.js';
import type { ShutdownReason } from './plan/reason.js';
import type { ShutdownPlan } from './plan/shutdown-plan.js';
import type { ShutdownTask } from './plan/task.js';
import type { RunningReport, ShutdownReport } from './report/shutdown-report.js';
import type { AwaitedTask, ShutdownEvent } from './run/events.js';
import type { ShutdownRegistration } from './run/registration.js';
import type { RunOptions } from './run/shutdown-run.js';

/** The shutdown of the app. Inject it to start the shutdown, to follow it, or to take part in it. */
export class GracefulShutdown {
  readonly #shutdown: ApplicationShutdown;
  readonly #exits: ExitRequests;

  /** @internal Nest makes it. */
  constructor(shutdown: ApplicationShutdown, exits: ExitRequests) {
    this.#shutdown = shutdown;
    this.#exits = exits;
  }

  /** Emits once, as the run begins, also to later subscribers: for `takeUntil`. */
  get draining$(): Observable<ShutdownReason> {
    return this.#shutdown.draining$;
  }

  /** Every event of the run. It never completes: a task may settle after the run has ended. */
  get events$(): Observable<ShutdownEvent> {
    return this.#shutdown.events$;
  }

  /** Resolves with the report when the run has ended, and does not start it. A handler of the run cannot await it. */
  get finished(): Promise<ShutdownReport> {
    return this.#shutdown.finished;
  }

  /** The status of `state`. */
  get status(): ShutdownState['status'] {
    return this.#shutdown.status;
  }

  /** Where the shutdown stands: idle, running with its reason, or finished with its report. */
  get state(): ShutdownState {
    return this.#shutdown.state;
  }

  /** Aborts as the run begins. Its reason is the `ShutdownReason`. */
  get signal(): AbortSignal {
    return this.#shutdown.signal;
  }

  /** What has happened so far; `undefined` before the run. */
  get report(): ShutdownReport | RunningReport | undefined {
    return this.#shutdown.report;
  }

  /** The tasks that the run is waiting for, each with the milliseconds it has taken and may take. */
  get awaited(): readonly AwaitedTask[] {
    return this.#shutdown.awaited;
  }

  /**
   * Runs the phases, once for all callers: later callers join the same run, and the report lists their reasons. It
   * neither closes the app nor ends the process: `app.close()` does the first, a signal does both, and both join
   * this run.
   *
   * Rejects only when `from` is not a phase of the plan, and with `ShutdownSelfWaitError` when a handler of the run
   * calls it, which would wait for itself. A route handler may await it and then respond.
   *
   * @param reason why; a text of your own stands for a request
   */
  run(reason?: ShutdownReason | string, options?: RunOptions): Promise<ShutdownReport> {
    return this.#shutdown.run(reason, options);
  }

  /**
   * Asks for the end of the process with everything that a signal has: the `shutdownDelay`, the phases, Nest's close
   * and the deadline. Returns at once, so a request or a task may call it. Needs `enableGracefulShutdown(app)`.
   *
   * @throws Error when `enableGracefulShutdown(app)` was not called, RangeError when the code is not an exit code
   */
  exit(request: ExitRequest = {}): void {
    this.#exits.ask(request);
  }

  /**
   * Registers a task for something that is created while the app runs. During the run the task runs with its phase,
   * or at once when its phase has ended, and the run waits for it.
   *
   * @throws ShutdownConfigurationError when the task cannot be part of the plan
   */
  register(task: ShutdownTask): ShutdownRegistration {
    return this.#shutdown.register(task);
  }

  /** The current plan, with the tasks that have been registered. */
  plan(): ShutdownPlan {
    return this.#shutdown.plan();
  }
}
