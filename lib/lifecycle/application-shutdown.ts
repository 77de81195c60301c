import { ReplaySubject, type Observable } from 'rxjs';
import type { ShutdownFeature } from '../feature.js';
import { reasonOf, type ShutdownReason } from '../plan/reason.js';
import type { ShutdownPlan } from '../plan/shutdown-plan.js';
import type { ShutdownTask } from '../plan/task.js';
import { runLimit } from '../plan/time-budget.js';
import { ReportFold } from '../report/fold-report.js';
import type { RunningReport, ShutdownReport } from '../report/shutdown-report.js';
import type { Clock } from '../run/clock.js';
import { ShutdownSelfWaitError } from '../run/errors.js';
import type { AwaitedTask, ShutdownEvent, ShutdownListener } from '../run/events.js';
import { watchAnswer } from '../run/foreign-call.js';
import { isolateSignal } from '../run/isolated-signal.js';
import type { ShutdownRegistration } from '../run/registration.js';
import { callers } from '../run/self-waits.js';
import { ShutdownRun, type RunOptions } from '../run/shutdown-run.js';
import { TaskRegistry, type TaskWrapper } from '../run/task-registry.js';
import { IsolatedObservable } from './isolated-observable.js';
import { listenerFailed, waitsForItself } from './lifecycle-notices.js';
import { Planning, type PlanningParts, type PlanningSettings } from './planning.js';
import type { CallOrigin, ShutdownTarget } from './shutdown-target.js';
import { TaskFrames } from './task-frames.js';

/** Where the shutdown of the app stands. */
export type ShutdownState =
  | { readonly status: 'idle' }
  | { readonly status: 'running'; readonly reason: ShutdownReason }
  | { readonly status: 'finished'; readonly report: ShutdownReport };

/** What the shutdown of an app is made of. */
export interface ShutdownParts extends PlanningParts {
  readonly settings: PlanningSettings & { readonly progressInterval: number };
  readonly clock: Clock;
  /** Called whenever something asks for the run, before anything is logged about it. */
  readonly onAsked: () => void;
  /** Takes each event, when the features have had it. */
  readonly onEvent: (event: ShutdownEvent) => void;
  /** Takes the report at the end of the run. */
  readonly onReported: (report: ShutdownReport) => void;
  /** Aborts as the run begins. */
  readonly beginning: AbortController;
  readonly features: readonly ShutdownFeature[];
  readonly tasks: TaskWrapper;
}

/** The shutdown of one app: its plan, its one run, and what is known of it. */
export class ApplicationShutdown implements ShutdownTarget {
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

  constructor(parts: ShutdownParts) {
    const { settings, clock, notify, onEvent, features, tasks } = parts;
    this.#parts = parts;
    const onListenerError = (error: unknown): void => notify(listenerFailed(error));
    this.#run = new ShutdownRun(new TaskRegistry(settings.phaseGraph, this.#frames.around(tasks)), {
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
        parts.onReported(report);
        resolve(report);
      });
    });
  }

  /** The clock of the times in the report. */
  get clock(): Clock {
    return this.#run.clock;
  }

  /** Resolves with the report when the run has ended. Warns when a task of the run asks, which would wait for itself. */
  get finished(): Promise<ShutdownReport> {
    const { current } = this.#frames;
    if (current !== undefined) {
      this.#parts.notify(waitsForItself({ task: current, call: 'GracefulShutdown.finished' }));
    }
    return this.#finished;
  }

  /** As `finished`, without the warning: for the lifecycle, whose `close()` a handler may have called. */
  get ended(): Promise<ShutdownReport> {
    return this.#finished;
  }

  /** The status of `state`. */
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

  /** Runs the phases, once for all callers: later callers join. */
  run(
    reason: ShutdownReason | string = 'GracefulShutdown.run()',
    options: RunOptions = {},
  ): Promise<ShutdownReport> {
    this.#parts.onAsked();
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

  /** Where the current call comes from. Work in flight that asks is no longer waited for. */
  origin(): CallOrigin {
    const { current } = this.#frames;
    if (current !== undefined) return { kind: 'task', task: current };
    if (this.#run.status === 'finished') return { kind: 'outside' };
    const from = callers();
    // Each is asked: a route handler may have the call made within tracked work.
    const answers = this.#parts.features.map((feature) => feature.asked?.(from) === true);
    return { kind: answers.includes(true) ? 'work' : 'outside' };
  }

  /** @throws ShutdownConfigurationError when the task cannot be part of the plan */
  register(task: ShutdownTask): ShutdownRegistration {
    return this.#planning.register(task);
  }

  /** The plan as it stands now, with the tasks that have been registered. */
  plan(): ShutdownPlan {
    return this.#run.registry.plan();
  }

  /**
   * Finds the handlers and checks the plan; a further call does nothing.
   *
   * @throws ShutdownConfigurationError with all configuration errors of options and handlers
   */
  prepare(): void {
    this.#planning.prepare();
  }

  /**
   * Announces the plan, once, when the app has started: transports, gateways and workers are found until then. A run
   * that begins earlier announces it first.
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
        else watchAnswer(listener, (error) => this.#parts.notify(listenerFailed(error)));
      } catch (error) {
        this.#parts.notify(listenerFailed(error));
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
