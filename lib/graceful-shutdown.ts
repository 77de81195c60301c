import type { ModulesContainer } from '@nestjs/core';
import { ReplaySubject, type Observable } from 'rxjs';
import type { ProviderSight } from './discovery/provider-scan.js';
import { IsolatedObservable } from './graceful-shutdown.observable.js';
import type { ShutdownSettings } from './graceful-shutdown.options.js';
import type { ShutdownFeature } from './graceful-shutdown.feature.js';
import { Planning } from './graceful-shutdown.planning.js';
import type { ExitRequest, ExitRequests } from './lifecycle/exit-requests.js';
import type { CallOrigin, ShutdownTarget } from './lifecycle/shutdown-target.js';
import { TaskFrames } from './lifecycle/task-frames.js';
import type { Notice } from './logging/notice.js';
import { reasonOf, type ShutdownReason } from './plan/reason.js';
import type { ShutdownPlan } from './plan/shutdown-plan.js';
import type { ShutdownTask } from './plan/task.js';
import { runLimit } from './plan/time-budget.js';
import { ReportFold } from './report/fold-report.js';
import type { RunningReport, ShutdownReport } from './report/shutdown-report.js';
import type { Clock } from './run/clock.js';
import { ShutdownSelfWaitError } from './run/errors.js';
import type { AwaitedTask, ShutdownEvent, ShutdownListener } from './run/events.js';
import { watchAnswer } from './run/foreign-call.js';
import { isolateSignal } from './run/isolated-signal.js';
import type { ShutdownRegistration } from './run/registration.js';
import { callers } from './run/self-waits.js';
import { ShutdownRun, type RunOptions } from './run/shutdown-run.js';
import { TaskRegistry, type TaskWrapper } from './run/task-registry.js';

/** Where the shutdown of the application stands. */
export type ShutdownState =
  | { readonly status: 'idle' }
  | { readonly status: 'running'; readonly reason: ShutdownReason }
  | { readonly status: 'finished'; readonly report: ShutdownReport };

/** What the shutdown of an application is made of. */
export interface ShutdownParts {
  readonly settings: ShutdownSettings;
  readonly modules: ModulesContainer;
  readonly clock: Clock;
  readonly notify: (notice: Notice) => void;
  readonly onEvent: (event: ShutdownEvent) => void;
  /** Aborts as the run begins. */
  readonly beginning: AbortController;
  readonly features: readonly ShutdownFeature[];
  /**
   * How the providers are seen.
   * @default as instances that Nest has made
   */
  readonly sight?: ProviderSight;
  readonly wrapper: TaskWrapper;
  readonly exits: ExitRequests;
}

/** The shutdown of the application: injectable anywhere, to start it, to follow it, and to take part in it. */
export class GracefulShutdown implements ShutdownTarget {
  /** Emits once, as the run begins, also to those who subscribe later: for `takeUntil`. */
  readonly draining$: Observable<ShutdownReason>;
  /** Everything that happens in the run. It does not complete: a task may settle after the run has ended. */
  readonly events$: Observable<ShutdownEvent>;
  readonly #finished: Promise<ShutdownReport>;
  readonly #frames = new TaskFrames();
  readonly #parts: ShutdownParts;
  readonly #run: ShutdownRun;
  readonly #fold = new ReportFold();
  readonly #planning: Planning;

  /** @internal Nest makes it. */
  constructor(parts: ShutdownParts) {
    const { settings, clock, notify, onEvent, features, wrapper } = parts;
    this.#parts = parts;
    const onListenerError = (error: unknown): void => notify({ kind: 'listener-failed', error });
    this.#run = new ShutdownRun(new TaskRegistry(settings.phaseGraph, this.#frames.around(wrapper)), {
      clock,
      limit: runLimit(settings.gracePeriod),
      progressInterval: settings.progressInterval,
      onListenerError,
    });
    this.#planning = new Planning(this.#run, parts);
    isolateSignal(parts.beginning.signal, onListenerError);
    const draining = new ReplaySubject<ShutdownReason>(1);
    this.draining$ = new IsolatedObservable(onListenerError, (subscriber) => draining.subscribe(subscriber));
    this.events$ = new IsolatedObservable(onListenerError, (subscriber) =>
      this.#run.listen((event) => subscriber.next(event)),
    );
    // Each listens for itself, so that one that throws keeps no other from hearing of the event.
    for (const feature of features) {
      if (feature.observe !== undefined) this.#run.listen((event) => feature.observe?.(event));
    }
    this.#finished = new Promise((resolve) => {
      this.#run.listen((event) => {
        this.#fold.add(event);
        onEvent(event);
        if (event.type === 'run-started') {
          parts.beginning.abort(event.reason);
          draining.next(event.reason);
          draining.complete();
        }
        if (event.type !== 'run-finished') return;
        const report = this.#fold.report();
        if (report === undefined || report.outcome === 'running') return;
        notify({ kind: 'reported', report });
        resolve(report);
      });
    });
  }

  /** @internal The clock by which the report tells its times. */
  get clock(): Clock {
    return this.#run.clock;
  }

  /** Resolves with the report when the run has ended; it does not start it. A handler of the run cannot await it. */
  get finished(): Promise<ShutdownReport> {
    const { current } = this.#frames;
    if (current !== undefined) {
      this.#parts.notify({ kind: 'waits-for-itself', task: current, call: 'GracefulShutdown.finished' });
    }
    return this.#finished;
  }

  /** @internal The same for the lifecycle, which a handler may have asked to close the application. */
  get ended(): Promise<ShutdownReport> {
    return this.#finished;
  }

  /** The word of `state` alone. */
  get status(): ShutdownState['status'] {
    return this.#run.status;
  }

  /** Where the shutdown stands: idle, running for a reason, or finished with a report. */
  get state(): ShutdownState {
    const { report } = this;
    if (report === undefined) return { status: 'idle' };
    return report.outcome === 'running'
      ? { status: 'running', reason: report.reason }
      : { status: 'finished', report };
  }

  /** Aborts as the run begins; its reason is the `ShutdownReason`. */
  get signal(): AbortSignal {
    return this.#parts.beginning.signal;
  }

  /** What has happened up to now; `undefined` before the run. */
  get report(): ShutdownReport | RunningReport | undefined {
    return this.#fold.report();
  }

  /** What the run waits for at this moment, with the milliseconds that each task has had and has in all. */
  get awaited(): readonly AwaitedTask[] {
    return this.#run.awaited;
  }

  /**
   * Runs the phases, once for all callers: those who come later join, and their reason is listed in the
   * report. Neither closes the application nor ends the process; `app.close()` does the one and joins this
   * run, a signal both.
   *
   * Rejects only where `from` is not a phase of the plan, before anything runs, and where a handler of the run
   * calls it, which would wait for itself. A route handler may await it, and then answers.
   *
   * @param reason why; a text of your own stands for a request
   */
  run(
    reason: ShutdownReason | string = 'GracefulShutdown.run()',
    options: RunOptions = {},
  ): Promise<ShutdownReport> {
    const { phaseGraph } = this.#parts.settings;
    // The lifecycle has asked where its own calls come from.
    const given = reasonOf(reason);
    const origin = given.kind === 'request' ? this.origin() : { kind: 'outside' as const };
    const isRefused = options.from !== undefined && phaseGraph.phase(options.from) === undefined;
    this.#planning.prepareForRun();
    if (!isRefused) this.#takeInFollowers();
    const ended = this.#run.start(given, options);
    if (origin.kind === 'task') return selfWaitRefused(origin.task);
    return isRefused ? ended.then(() => this.#finished) : this.#finished;
  }

  /** @internal Where the call comes from that is being made. Work in flight is not waited for any more. */
  origin(): CallOrigin {
    const { current } = this.#frames;
    if (current !== undefined) return { kind: 'task', task: current };
    if (this.#run.status === 'finished') return { kind: 'outside' };
    const from = callers();
    // Each is asked: a route handler may have the call made within tracked work.
    const answers = this.#parts.features.map((feature) => feature.asked?.(from) === true);
    return { kind: answers.includes(true) ? 'work' : 'outside' };
  }

  /**
   * Asks for the end of the process, with everything that a signal has: the `shutdownDelay`, the phases, Nest's
   * close, the deadline. Returns at once, so a request or a task may call it. Needs `enableGracefulShutdown(app)`.
   *
   * @throws Error where `enableGracefulShutdown(app)` was not called, RangeError where the code cannot be one
   */
  exit(request: ExitRequest = {}): void {
    this.#parts.exits.ask(request);
  }

  /**
   * Takes a task into the shutdown, for what is made while the application runs. During the run a task is
   * taken in too: it runs with its phase, or at once where that has ended, and the run waits for it.
   *
   * @throws ShutdownConfigurationError when the task cannot be part of the plan
   */
  register(task: ShutdownTask): ShutdownRegistration {
    return this.#planning.register(task);
  }

  /** The plan as it stands now, with the tasks that have been registered. */
  plan(): ShutdownPlan {
    return this.#run.registry.plan();
  }

  /**
   * Finds the handlers and checks the plan. Called at boot; a further call does nothing.
   *
   * @throws ShutdownConfigurationError with all mistakes of options and handlers
   */
  prepare(): void {
    this.#planning.prepare();
  }

  /**
   * Tells the plan, once. Called when the application has started: transports, gateways and workers are found until
   * then. A run that begins earlier tells it first.
   */
  announce(): void {
    this.#planning.announce();
  }

  /** Takes in those who want to follow the run, as it begins. */
  #takeInFollowers(): void {
    if (this.#run.status !== 'idle') return;
    for (const { follow } of this.#parts.features) {
      try {
        const listener: unknown = follow?.();
        if (isListener(listener)) this.#run.listen(listener);
        else watchAnswer(listener, (error) => this.#parts.notify({ kind: 'listener-failed', error }));
      } catch (error) {
        this.#parts.notify({ kind: 'listener-failed', error });
      }
    }
  }
}

function isListener(value: unknown): value is ShutdownListener {
  return typeof value === 'function';
}

/** Refuses a handler that would wait for itself; one that does not wait does not fail either. */
function selfWaitRefused(task: string): Promise<ShutdownReport> {
  const refused = Promise.reject<ShutdownReport>(new ShutdownSelfWaitError(task));
  refused.catch(() => undefined);
  return refused;
}
