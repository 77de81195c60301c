import type { InjectionGraph } from '../plan/injection-graph.js';
import type { Phase } from '../plan/phase.js';
import type { ShutdownReason } from '../plan/reason.js';
import { arrangeTasks } from '../plan/task-graph.js';
import { deadlineAfter, timeLeft, timeUntil } from '../plan/time-budget.js';
import type { Timer } from './clock.js';
import type { AwaitedTask } from './events.js';
import { Frontier } from './frontier.js';
import { worse, type PhaseOutcome } from './outcome.js';
import { TaskContext } from './task-context.js';
import { whenOver } from './expiry.js';
import type { StepQueue } from './step-queue.js';
import { emitEnding, emitSkipped, emitStarted, type EventSource } from './task-events.js';
import type { Ending, TaskExecution } from './task-execution.js';
import { Turn } from './turn.js';

/** What the phases of one run share. */
export interface RunScope extends EventSource {
  readonly reason: ShutdownReason;
  /** When the run ends at the latest. */
  readonly deadline: number;
  /** Told what a listener of a task's signal throws. */
  readonly onListenerError: (error: unknown) => void;
  readonly injections: () => InjectionGraph;
  readonly steps: StepQueue;
}

/**
 * One phase while it runs: starts each task when those before it have ended, and ends them all when its
 * time is over.
 *
 * opening (nothing has started) → running → expired (its time is over, what was queued is skipped) → ended,
 * or running → ended.
 */
export class PhaseExecution {
  #status: 'opening' | 'running' | 'expired' | 'ended' = 'opening';
  #outcome: PhaseOutcome = 'completed';
  #placed: readonly Turn[] = [];
  /** Taken in, and not placed yet: those that come in one step are placed together. */
  #arrivals: Turn[] = [];
  #frontier: Frontier;
  /** When the time of the phase is over. */
  readonly deadline: number;
  readonly #timer: Timer;

  constructor(
    readonly phase: Phase,
    executions: Iterable<TaskExecution>,
    private readonly scope: RunScope & { readonly onEnded: (outcome: PhaseOutcome) => void },
  ) {
    const { clock, deadline } = scope;
    const startedAt = clock.now();
    this.deadline = deadlineAfter(startedAt, phase.timeout, deadline);
    this.#timer = whenOver(clock, () => this.#expire(), timeUntil(this.deadline, startedAt));
    this.#frontier = this.#place(Array.from(executions, (execution) => new Turn(execution)));
  }

  /** Starts what may start. Apart from the constructor, since a task may end the phase at once. */
  start(): void {
    const { clock, emit } = this.scope;
    const taskCount = this.#placed.length;
    emit({ type: 'phase-started', at: clock.now(), phase: this.phase.name, taskCount });
    this.#status = 'running';
    this.#advance();
  }

  /** Whether a task that is registered now runs with the phase. */
  get isOpen(): boolean {
    return this.#status === 'opening' || this.#status === 'running';
  }

  /** Takes in a task that was registered while the phase is open, at its place among those that are queued. */
  add(execution: TaskExecution): void {
    this.#arrivals.push(new Turn(execution));
    if (this.#arrivals.length === 1) this.scope.steps.later(() => this.#placeArrivals());
  }

  get awaited(): readonly AwaitedTask[] {
    const now = this.scope.clock.now();
    return this.#placed.filter((turn) => turn.status === 'started').map((turn) => turn.awaited(now));
  }

  #placeArrivals(): void {
    if (this.#arrivals.length === 0) return;
    const started = this.#placed.filter((turn) => turn.status === 'started');
    const queued = this.#placed.filter((turn) => turn.status === 'queued');
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    this.#frontier = this.#place([...started, ...queued, ...arrivals], started.length);
    if (this.#status !== 'opening') this.#advance();
  }

  /** Arranges those that have not ended; the first `started` of them run already. */
  #place(turns: readonly Turn[], started = 0): Frontier {
    const arranged = arrangeTasks(
      turns.map((turn) => turn.execution.task),
      { mode: this.phase.mode, injections: this.scope.injections(), started },
    );
    // Every task was checked when it came in, so a cycle here is a fault of ours; no run may hang on it.
    if (arranged.kind === 'cyclic') throw new Error('the tasks of a checked phase wait for each other');
    turns.forEach((turn, node) => {
      turn.node = node;
    });
    this.#placed = turns;
    const handOut = (node: number): void => {
      // What was registered before a task starts may have to run before it.
      this.#placeArrivals();
      const turn = turns[node];
      if (turn === undefined) frontier.complete(node);
      // A frontier that was replaced while it walked hands out nothing more: its successor does.
      else if (this.#placed === turns && turn.status === 'queued') this.#handOut(turn);
    };
    const frontier = new Frontier(arranged.graph, { steps: this.scope.steps, handOut });
    return frontier;
  }

  #handOut(turn: Turn): void {
    if (turn.execution.isOver) {
      // Unregistered or disposed before its turn came.
      turn.status = 'ended';
      this.#frontier.complete(turn.node);
    } else if (this.#status === 'running') {
      this.scope.steps.at(turn.execution.depth, () => this.#startTurn(turn));
    } else {
      this.scope.steps.at(turn.execution.depth, () => this.#skipTurn(turn));
    }
  }

  #startTurn(turn: Turn): void {
    const { execution } = turn;
    const { clock, reason, steps, onListenerError } = this.scope;
    const now = clock.now();
    const deadline = deadlineAfter(now, execution.task.timeout ?? Infinity, this.deadline);
    turn.status = 'started';
    turn.startedAt = now;
    // The loop may have been blocked for longer than the phase has: it has a turn of the loop all the same.
    turn.allowedMs = timeLeft(deadline, now);
    // Claimed before it is told, so that no listener can withdraw what was told to have started.
    const context = new TaskContext(reason, this.phase.name, { clock, until: deadline, onListenerError });
    const claimed = execution.claim(context);
    emitStarted(execution, this.scope);
    if (deadline < this.deadline) turn.timer = whenOver(clock, () => turn.expire(), turn.allowedMs);
    execution.whenEnded((ending) => steps.now(() => this.#endTurn(turn, ending)));
    if (claimed) execution.call();
  }

  #skipTurn(turn: Turn): void {
    turn.status = 'ended';
    emitSkipped(turn.execution, 'phase-timeout', this.scope);
    this.#frontier.complete(turn.node);
  }

  #endTurn(turn: Turn, ending: Ending): void {
    turn.status = 'ended';
    turn.timer?.cancel();
    this.#outcome = worse<PhaseOutcome>(this.#outcome, ending.outcome);
    emitEnding(turn.execution, ending, this.scope);
    this.#frontier.complete(turn.node);
    this.#endWhenDone();
  }

  #expire(): void {
    this.#status = 'expired';
    const started = this.#placed.filter((turn) => turn.status === 'started');
    this.scope.steps.now(() => {
      for (const turn of started) turn.expire();
      this.#endWhenDone();
    });
  }

  #advance(): void {
    this.#frontier.start();
    this.#endWhenDone();
  }

  /** Looks when all that was asked for up to now has been handed out. */
  #endWhenDone(): void {
    this.scope.steps.later(() => this.#endIfDone());
  }

  #endIfDone(): void {
    if (!this.#frontier.isDone || this.#arrivals.length > 0 || this.#status === 'ended') return;
    this.#status = 'ended';
    this.#timer.cancel();
    const { clock, emit, onEnded } = this.scope;
    emit({ type: 'phase-finished', at: clock.now(), phase: this.phase.name, outcome: this.#outcome });
    onEnded(this.#outcome);
  }
}
