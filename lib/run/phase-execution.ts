import type { InjectionGraph } from '../plan/injection-graph.js';
import type { Phase } from '../plan/phase.js';
import type { ShutdownReason } from '../plan/reason.js';
import { arrangeTasks } from '../plan/task-graph.js';
import { deadlineAfter, timeLeft, timeUntil } from '../plan/time-budget.js';
import type { Timer } from './clock.js';
import type { AwaitedTask } from './events.js';
import { whenOver } from './expiry.js';
import { Frontier } from './frontier.js';
import { worse, type PhaseOutcome } from './outcome.js';
import type { StepQueue } from './step-queue.js';
import { awaitedTask, emitEnding, emitSkipped, emitStarted, type EventSource } from './task-events.js';
import type { Ending, TaskExecution } from './task-execution.js';

/** What the phases of one run share. */
export interface RunScope extends EventSource {
  readonly reason: ShutdownReason;
  /** When the run ends at the latest. */
  readonly deadline: number;
  /** Called with what a listener of a task's signal throws. */
  readonly onListenerError: (error: unknown) => void;
  readonly injections: () => InjectionGraph;
  readonly steps: StepQueue;
}

/** The tasks of a phase as they were last arranged. A task that comes in has the rest arranged anew. */
interface Placement {
  readonly executions: readonly TaskExecution[];
  readonly frontier: Frontier;
  /** By the node of a task, whether its turn has come. */
  readonly handedOut: Uint8Array;
}

/**
 * One phase while it runs: starts each task when those before it have ended, and ends them all when its time is over.
 *
 * opening (nothing has started) → running → expired (its time is over, queued tasks are skipped) → ended,
 * or running → ended.
 */
export class PhaseExecution {
  #status: 'opening' | 'running' | 'expired' | 'ended' = 'opening';
  #outcome: PhaseOutcome = 'completed';
  /** Taken in and not placed yet: those that come in one step are placed together. */
  #arrivals: TaskExecution[] = [];
  #placement: Placement;
  readonly #startedAt: number;
  /** When the time of the phase is over. */
  readonly deadline: number;
  readonly #timer: Timer;

  constructor(
    readonly phase: Phase,
    executions: Iterable<TaskExecution>,
    private readonly scope: RunScope & { readonly onEnded: (outcome: PhaseOutcome) => void },
  ) {
    const { clock, deadline } = scope;
    this.#startedAt = clock.now();
    this.deadline = deadlineAfter(this.#startedAt, phase.timeout, deadline);
    this.#timer = whenOver(clock, () => this.#expire(), timeUntil(this.deadline, this.#startedAt));
    this.#placement = this.#place([...executions]);
  }

  /** Starts what may start. Apart from the constructor, since a task may end the phase at once. */
  start(): void {
    const taskCount = this.#placement.executions.length;
    // The time that its timeout counts from: arranging many tasks takes a part of it.
    this.scope.emit({ type: 'phase-started', at: this.#startedAt, phase: this.phase.name, taskCount });
    this.#status = 'running';
    this.#advance();
  }

  /** Whether a task that is registered now runs with the phase. */
  get isOpen(): boolean {
    return this.#status === 'opening' || this.#status === 'running';
  }

  /** Takes in a task that was registered while the phase is open, at its place among those that are queued. */
  add(execution: TaskExecution): void {
    this.#arrivals.push(execution);
    if (this.#arrivals.length === 1) this.scope.steps.later(() => this.#placeArrivals());
  }

  get awaited(): readonly AwaitedTask[] {
    const now = this.scope.clock.now();
    return this.#placement.executions.flatMap((execution) => awaitedTask(execution, now) ?? []);
  }

  /** Those that have started and not ended. */
  get #started(): readonly TaskExecution[] {
    return this.#placement.executions.filter((execution) => execution.awaited !== undefined);
  }

  #placeArrivals(): void {
    if (this.#arrivals.length === 0) return;
    const { executions, handedOut } = this.#placement;
    const started = this.#started;
    const queued = executions.filter((_, node) => handedOut[node] === 0);
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    this.#placement = this.#place([...started, ...queued, ...arrivals], started.length);
    if (this.#status !== 'opening') this.#advance();
  }

  /** Arranges tasks that have not ended; the first `started` of them are running. */
  #place(executions: readonly TaskExecution[], started = 0): Placement {
    const arranged = arrangeTasks(
      executions.map((execution) => execution.task),
      { mode: this.phase.mode, injections: this.scope.injections(), started },
    );
    // Every task was checked when it came in, so a cycle here is a bug of ours. It must not make the run hang.
    if (arranged.kind === 'cyclic') throw new Error('the tasks of a checked phase wait for each other');
    executions.forEach((execution, node) => {
      execution.node = node;
    });
    const handedOut = new Uint8Array(executions.length).fill(1, 0, started);
    const handOut = (node: number): void => {
      // What was registered before a task starts may have to run before it.
      this.#placeArrivals();
      const execution = executions[node];
      if (execution === undefined) {
        frontier.complete(node);
        return;
      }
      // A frontier that was replaced while it walked hands out nothing more: its successor does.
      if (this.#placement.frontier !== frontier || handedOut[node] !== 0) return;
      handedOut[node] = 1;
      this.#handOut(execution);
    };
    const frontier = new Frontier(arranged.graph, { steps: this.scope.steps, handOut });
    return { executions, frontier, handedOut };
  }

  /** The turn of a task has come. */
  #handOut(execution: TaskExecution): void {
    const { steps } = this.scope;
    // It was unregistered or disposed before.
    if (execution.isOver) this.#placement.frontier.complete(execution.node);
    else if (this.#status === 'running') steps.at(execution.depth, () => this.#start(execution));
    else steps.at(execution.depth, () => this.#skip(execution));
  }

  #start(execution: TaskExecution): void {
    const { clock, reason, steps, onListenerError } = this.scope;
    const startedAt = clock.now();
    const deadline = deadlineAfter(startedAt, execution.task.timeout ?? Infinity, this.deadline);
    // Claimed before `task-started` is emitted, so that no listener can withdraw a task that is said to have started.
    const claimed = execution.claim({
      by: 'run',
      reason,
      clock,
      startedAt,
      deadline,
      // Never negative, although the loop may have been blocked for longer than the phase has: the task runs anyway.
      allowedMs: timeLeft(deadline, startedAt),
      timer: deadline < this.deadline ? 'own' : 'of the phase',
      onListenerError,
    });
    emitStarted(execution, this.scope);
    execution.whenEnded((ending) => steps.now(() => this.#end(execution, ending)));
    if (claimed) execution.call();
  }

  #skip(execution: TaskExecution): void {
    emitSkipped(execution, 'phase-timeout', this.scope);
    this.#placement.frontier.complete(execution.node);
  }

  #end(execution: TaskExecution, ending: Ending): void {
    this.#outcome = worse<PhaseOutcome>(this.#outcome, ending.outcome);
    emitEnding(execution, ending, this.scope);
    this.#placement.frontier.complete(execution.node);
    this.#endWhenDone();
  }

  #expire(): void {
    this.#status = 'expired';
    const started = this.#started;
    this.scope.steps.now(() => {
      for (const execution of started) execution.expire();
      this.#endWhenDone();
    });
  }

  #advance(): void {
    this.#placement.frontier.start();
    this.#endWhenDone();
  }

  /** Checks for the end when everything that was asked for up to now has been handed out. */
  #endWhenDone(): void {
    this.scope.steps.later(() => this.#endIfDone());
  }

  #endIfDone(): void {
    if (!this.#placement.frontier.isDone || this.#arrivals.length > 0 || this.#status === 'ended') return;
    this.#status = 'ended';
    this.#timer.cancel();
    const { clock, emit, onEnded } = this.scope;
    emit({ type: 'phase-finished', at: clock.now(), phase: this.phase.name, outcome: this.#outcome });
    onEnded(this.#outcome);
  }
}
