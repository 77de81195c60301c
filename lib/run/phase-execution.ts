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

/** What all phases of a run share. */
export interface RunScope extends EventSource {
  readonly reason: ShutdownReason;
  /** The hard deadline of the run, by the clock. */
  readonly deadline: number;
  /** Receives what a listener of a task's signal throws. */
  readonly onListenerError: (error: unknown) => void;
  readonly injections: () => InjectionGraph;
  readonly steps: StepQueue;
}

/** The current order of the tasks of a phase. A task that is registered while the phase runs replaces it. */
interface Placement {
  readonly executions: readonly TaskExecution[];
  readonly frontier: Frontier;
  /** By node: 1 if the frontier has handed out the task. */
  readonly handedOut: Uint8Array;
}

/**
 * A running phase: starts each task after its predecessors, and abandons the running tasks when the phase times out.
 *
 *     opening → running → ended
 *                  ↓        ↑
 *               expired ────┘   (timed out: queued tasks are skipped)
 */
export class PhaseExecution {
  #status: 'opening' | 'running' | 'expired' | 'ended' = 'opening';
  #outcome: PhaseOutcome = 'completed';
  /** Registered but not placed yet. The arrivals of one step are placed together. */
  #arrivals: TaskExecution[] = [];
  #placement: Placement;
  readonly #startedAt: number;
  /** When the phase times out, by the clock. */
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

  /** Starts the phase. Not part of the constructor, since a task may end the phase synchronously. */
  start(): void {
    const taskCount = this.#placement.executions.length;
    // Its timeout counts from this time: ordering many tasks uses up a part of it.
    this.scope.emit({ type: 'phase-started', at: this.#startedAt, phase: this.phase.name, taskCount });
    this.#status = 'running';
    this.#advance();
  }

  /** Whether the phase still accepts tasks. */
  get isOpen(): boolean {
    return this.#status === 'opening' || this.#status === 'running';
  }

  /** Adds a task to the open phase, at its place among the queued tasks. */
  add(execution: TaskExecution): void {
    this.#arrivals.push(execution);
    if (this.#arrivals.length === 1) this.scope.steps.later(() => this.#placeArrivals());
  }

  get awaited(): readonly AwaitedTask[] {
    const now = this.scope.clock.now();
    return this.#placement.executions.flatMap((execution) => awaitedTask(execution, now) ?? []);
  }

  /** The running tasks. */
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

  /** Orders the tasks that have not ended. The first `started` of them are running. */
  #place(executions: readonly TaskExecution[], started = 0): Placement {
    const arranged = arrangeTasks(
      executions.map((execution) => execution.task),
      { mode: this.phase.mode, injections: this.scope.injections(), started },
    );
    // Registration checks every task, so a cycle here is our bug. It must not hang the run.
    if (arranged.kind === 'cyclic') throw new Error('dependency cycle among the tasks of a checked phase');
    executions.forEach((execution, node) => {
      execution.node = node;
    });
    const handedOut = new Uint8Array(executions.length).fill(1, 0, started);
    const handOut = (node: number): void => {
      // Tasks that were registered before this one starts may have to run before it.
      this.#placeArrivals();
      const execution = executions[node];
      if (execution === undefined) {
        frontier.complete(node);
        return;
      }
      // A frontier that was replaced during its walk hands out nothing more: the new one does.
      if (this.#placement.frontier !== frontier || handedOut[node] !== 0) return;
      handedOut[node] = 1;
      this.#handOut(execution);
    };
    const frontier = new Frontier(arranged.graph, { steps: this.scope.steps, handOut });
    return { executions, frontier, handedOut };
  }

  #handOut(execution: TaskExecution): void {
    const { steps } = this.scope;
    // It was unregistered or disposed in the meantime.
    if (execution.isOver) this.#placement.frontier.complete(execution.node);
    else if (this.#status === 'running') steps.at(execution.depth, () => this.#start(execution));
    else steps.at(execution.depth, () => this.#skip(execution));
  }

  #start(execution: TaskExecution): void {
    const { clock, reason, steps, onListenerError } = this.scope;
    const startedAt = clock.now();
    const deadline = deadlineAfter(startedAt, execution.task.timeout ?? Infinity, this.deadline);
    // Claimed before `task-started` is emitted: a listener must not withdraw a task that is reported as started.
    const claimed = execution.claim({
      by: 'run',
      reason,
      clock,
      startedAt,
      deadline,
      // 0 if the event loop was blocked beyond the end of the phase: the task runs anyway.
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

  /** Checks for the end after all pending steps. */
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
