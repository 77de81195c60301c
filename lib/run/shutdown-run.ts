import { ShutdownConfigurationError } from '../plan/mistake.js';
import { nameAdvice } from '../plan/nearest-name.js';
import type { PhaseGraph } from '../plan/phase-graph.js';
import type { ShutdownReason } from '../plan/reason.js';
import type { ShutdownTask } from '../plan/task.js';
import { deadlineAfter, shorter, taskTimeout, timeLeft } from '../plan/time-budget.js';
import type { Clock } from './clock.js';
import type { AwaitedTask, ShutdownEvent, ShutdownListener, SkipCause } from './events.js';
import { Frontier } from './frontier.js';
import { ListenerList } from './listener-list.js';
import { worse, type PhaseOutcome, type RunOutcome } from './outcome.js';
import { PhaseExecution, type RunScope } from './phase-execution.js';
import { Progress } from './progress.js';
import { RunClock } from './run-clock.js';
import { registrationOf, type ShutdownRegistration } from './registration.js';
import { SkippedPhases } from './skipped-phases.js';
import { StepQueue } from './step-queue.js';
import { Stragglers } from './stragglers.js';
import { emitSkipped } from './task-events.js';
import type { TaskExecution } from './task-execution.js';
import type { TaskRegistry } from './task-registry.js';

/** The settings of a run. */
export interface RunSettings {
  readonly clock: Clock;
  /** The hard deadline, in milliseconds from the start of the run. */
  readonly limit: number;
  /** Milliseconds between two `run-progress` events. */
  readonly progressInterval: number;
  /** Receives what a listener threw. The run continues. */
  readonly onListenerError?: (error: unknown) => void;
}

/** The options of one call of `start()`. */
export interface RunOptions {
  /** The phase to start from. The phases before it are skipped. */
  readonly from?: string;
  /**
   * The hard deadline, in milliseconds since the epoch.
   * @default the start of the run plus `limit`
   */
  readonly deadline?: number;
}

type PhaseState =
  | { readonly status: 'waiting' }
  | { readonly status: 'running'; readonly execution: PhaseExecution }
  | { readonly status: 'skipped'; readonly cause: SkipCause }
  | { readonly status: 'ended' };

type State =
  | { readonly status: 'idle' }
  | { readonly status: 'running'; readonly scope: RunScope; readonly ended: Promise<RunOutcome> }
  | { readonly status: 'finished'; readonly scope: RunScope; readonly ended: Promise<RunOutcome> };

/**
 * The execution of a plan. It runs once: later callers of `start()` join it and get the same promise.
 *
 * Joining, keeping the first reason and starting from a later phase follow Pekko's CoordinatedShutdown.
 */
export class ShutdownRun {
  readonly #listeners: ListenerList;
  readonly #phases: PhaseState[];
  readonly #frontier: Frontier;
  #state: State = { status: 'idle' };
  #outcome: RunOutcome = 'completed';
  /** Registered after their phase has ended. The run waits for them. */
  readonly #stragglers = new Stragglers();
  /** Registered after the run has finished. Nothing waits for them. */
  readonly #afterthoughts = new Stragglers();
  readonly #skipped: SkippedPhases;
  readonly #progress: Progress;
  readonly #clock: RunClock;
  readonly #steps: StepQueue;
  #resolve: (outcome: RunOutcome) => void = () => undefined;

  constructor(
    readonly registry: TaskRegistry,
    private readonly settings: RunSettings,
  ) {
    this.#clock = new RunClock(settings.clock);
    this.#steps = new StepQueue({ clock: settings.clock, onDone: () => this.#finishIfDone() });
    this.#listeners = new ListenerList(settings.onListenerError);
    this.#phases = registry.phaseGraph.phases.map(() => ({ status: 'waiting' }));
    this.#frontier = new Frontier(registry.phaseGraph.graph, {
      steps: this.#steps,
      handOut: (index) => this.#startPhase(index),
    });
    this.#skipped = new SkippedPhases(registry.phaseGraph);
    this.#progress = new Progress(
      { clock: this.#clock, emit: (event) => this.#emit(event) },
      { interval: settings.progressInterval, awaited: () => this.awaited },
    );
  }

  /** The clock of the run, which the times of its events come from. */
  get clock(): Clock {
    return this.#clock;
  }

  get status(): State['status'] {
    return this.#state.status;
  }

  /** What the run waits for now. */
  get awaited(): readonly AwaitedTask[] {
    return [
      ...this.#phases.flatMap((phase) => (phase.status === 'running' ? phase.execution.awaited : [])),
      ...this.#stragglers.awaited(this.#clock.now()),
    ];
  }

  /** Calls the listener with every event from now on. Returns a function that removes it. */
  listen(listener: ShutdownListener): () => void {
    return this.#listeners.add(listener);
  }

  /**
   * Starts the run, or joins it if it has started: the first reason stays.
   *
   * Rejects with a `ShutdownConfigurationError` (`SHUTDOWN_UNKNOWN_PHASE`) if `from` is not a phase of the plan. Then
   * nothing runs.
   */
  start(reason: ShutdownReason, options: RunOptions = {}): Promise<RunOutcome> {
    const { phaseGraph } = this.registry;
    const from = options.from === undefined ? undefined : phaseGraph.indexOf(options.from);
    if (options.from !== undefined && from === undefined) {
      return Promise.reject(unknownFrom(options.from, phaseGraph));
    }
    if (this.#state.status !== 'idle') {
      if (this.#state.status === 'running') {
        const at = this.#clock.now();
        this.#steps.later(() => this.#emit({ type: 'run-joined', at, reason }));
      }
      return this.#state.ended;
    }
    this.#clock.begin();
    const at = this.#clock.now();
    const deadline = options.deadline ?? deadlineAfter(at, this.settings.limit);
    const scope: RunScope = {
      clock: this.#clock,
      reason,
      deadline,
      injections: () => this.registry.injections,
      steps: this.#steps,
      emit: (event) => this.#emit(event),
      onListenerError: (error) => this.settings.onListenerError?.(error),
    };
    const ended = new Promise<RunOutcome>((resolve) => {
      this.#resolve = resolve;
    });
    this.#state = { status: 'running', scope, ended };
    if (from !== undefined) this.#skipped.startFrom(from);
    const phases = phaseGraph.phases.map(({ name, mode }) => ({ name, mode }));
    this.#steps.now(() => {
      this.#emit({ type: 'run-started', at, reason, deadline, phases });
      this.#progress.start();
      this.#frontier.start();
    });
    return ended;
  }

  /**
   * Registers a task, before or during the run. If its phase has not ended, it runs with the phase; if the phase has
   * ended, the task runs immediately and the run waits for it.
   *
   * @throws ShutdownConfigurationError if the task does not fit into the plan
   */
  register(task: ShutdownTask): ShutdownRegistration {
    const execution = this.registry.add(task, this.#steps.depth + 1);
    const index = this.registry.phaseGraph.indexOf(execution.phase);
    const phase = index === undefined ? undefined : this.#phases[index];
    if (phase !== undefined && this.#state.status !== 'idle') {
      this.#admit(execution, phase, this.#state.scope);
    }
    return registrationOf(execution, {
      clock: this.#clock,
      steps: this.#steps,
      timeoutOf: (each) => this.#timeoutOf(each),
      // During the run every name stays known: whether an `after` is valid must not depend on timing.
      drop: (each) => {
        if (this.#state.status !== 'running') this.registry.drop(each);
      },
    });
  }

  #admit(execution: TaskExecution, phase: PhaseState, scope: RunScope): void {
    switch (phase.status) {
      case 'waiting':
        return;
      case 'skipped':
        this.#steps.later(() => {
          this.#steps.at(execution.depth, () => {
            if (execution.status === 'waiting') emitSkipped(execution, phase.cause, scope);
          });
        });
        return;
      case 'running':
        if (phase.execution.isOpen) phase.execution.add(execution);
        else this.#runStraggler(execution, scope);
        return;
      case 'ended':
        if (this.#state.status === 'running') this.#runStraggler(execution, scope);
        else this.#runAfterthought(execution, scope);
    }
  }

  #runStraggler(execution: TaskExecution, scope: RunScope): void {
    const allowedMs = shorter(this.#timeoutOf(execution), timeLeft(scope.deadline, scope.clock.now()));
    this.#stragglers.run(execution, {
      allowedMs,
      scope,
      onEnded: ({ outcome }) => {
        if (outcome !== 'withdrawn') this.#outcome = worse(this.#outcome, outcome);
      },
    });
  }

  #runAfterthought(execution: TaskExecution, scope: RunScope): void {
    this.#afterthoughts.run(execution, {
      allowedMs: this.#timeoutOf(execution),
      scope,
      onEnded: () => this.registry.drop(execution),
    });
  }

  #startPhase(index: number): void {
    const phase = this.registry.phaseGraph.phases[index];
    if (phase === undefined || this.#state.status !== 'running') return;
    const { scope } = this.#state;
    const tasks = Array.from(this.registry.of(phase.name)).filter((execution) => !execution.isOver);
    const cause = this.#skipCause(index);
    if (cause === undefined) {
      const execution = new PhaseExecution(phase, tasks, {
        ...scope,
        onEnded: (outcome) => this.#endPhase(index, outcome),
      });
      this.#phases[index] = { status: 'running', execution };
      execution.start();
      return;
    }
    this.#phases[index] = { status: 'skipped', cause };
    const at = scope.clock.now();
    this.#emit({ type: 'phase-skipped', at, phase: phase.name, cause, taskCount: tasks.length });
    for (const execution of tasks) {
      if (execution.status === 'waiting') emitSkipped(execution, cause, scope);
    }
    if (cause === 'deadline') this.#outcome = worse(this.#outcome, 'timed-out');
    this.#frontier.complete(index);
  }

  #skipCause(index: number): SkipCause | undefined {
    const cause = this.#skipped.causeOf(index);
    if (cause !== undefined || this.#state.status !== 'running') return cause;
    return this.#clock.now() >= this.#state.scope.deadline ? 'deadline' : undefined;
  }

  #endPhase(index: number, outcome: PhaseOutcome): void {
    const phase = this.registry.phaseGraph.phases[index];
    this.#phases[index] = { status: 'ended' };
    if (outcome === 'failed' || outcome === 'timed-out') {
      this.#outcome = worse(this.#outcome, outcome);
      if (phase?.onFailure === 'abort') this.#skipped.abortAfter(index);
    }
    this.#frontier.complete(index);
  }

  /** As a step: all listeners receive the event before anything starts that one of them triggers. */
  #emit(event: ShutdownEvent): void {
    this.#steps.now(() => this.#listeners.emit(event));
  }

  #finishIfDone(): void {
    if (this.#state.status !== 'running' || !this.#frontier.isDone || !this.#stragglers.isEmpty) return;
    this.#progress.stop();
    this.#state = { ...this.#state, status: 'finished' };
    this.#emit({ type: 'run-finished', at: this.#clock.now(), outcome: this.#outcome });
    this.#resolve(this.#outcome);
  }

  #timeoutOf({ task, phase }: TaskExecution): number {
    return taskTimeout(task, this.registry.phaseGraph.phase(phase), this.settings.limit);
  }
}

function unknownFrom(name: string, { names }: PhaseGraph): ShutdownConfigurationError {
  return new ShutdownConfigurationError([
    {
      code: 'SHUTDOWN_UNKNOWN_PHASE',
      path: 'from',
      message: `unknown phase '${name}', so nothing ran. ${nameAdvice(name, names)}`,
    },
  ]);
}
