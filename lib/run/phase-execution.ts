import type { InjectionGraph } from '../plan/injection-graph.js';
import type { Phase } from '../plan/phase.js';
import type { ShutdownReason } from '../plan/reason.js';
import { arrangeTasks } from '../plan/task-graph.js';
import type { InFlightItem } from '../plan/task.js';
import type { Clock, Timer } from './clock.js';
import { ShutdownTimeoutError } from './errors.js';
import type { AwaitedTask, ShutdownEvent } from './events.js';
import { Frontier } from './frontier.js';
import { worse, type PhaseOutcome } from './outcome.js';
import { TaskContext } from './task-context.js';
import type { Ending, TaskExecution } from './task-execution.js';

/** What the phases of one run share. */
export interface RunScope {
  readonly clock: Clock;
  readonly reason: ShutdownReason;
  /** When the run ends at the latest. */
  readonly deadline: number;
  readonly injections: InjectionGraph;
  readonly emit: (event: ShutdownEvent) => void;
}

/** A task's turn in its phase. */
interface Turn {
  readonly execution: TaskExecution;
  node: number;
  status: 'queued' | 'started' | 'ended';
  startedAt: number;
  allowedMs: number;
  timer?: Timer;
}

/**
 * One phase while it runs: starts each task when those before it have ended, and ends them all when its
 * time is over.
 *
 * running → expired (its time is over, what was queued is skipped) → ended, or running → ended.
 */
export class PhaseExecution {
  #status: 'running' | 'expired' | 'ended' = 'running';
  #outcome: PhaseOutcome = 'completed';
  #placed: readonly Turn[] = [];
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
    this.deadline = Math.min(startedAt + phase.timeout, deadline);
    this.#timer = clock.schedule(() => this.#expire(), this.deadline - startedAt);
    this.#frontier = this.#place(Array.from(executions, newTurn));
  }

  /** Starts what may start. Apart from the constructor, since a task may end the phase at once. */
  start(): void {
    const { clock, emit } = this.scope;
    const taskCount = this.#placed.length;
    emit({ type: 'phase-started', at: clock.now(), phase: this.phase.name, taskCount });
    this.#advance();
  }

  /** Whether a task that is registered now runs with the phase. */
  get isOpen(): boolean {
    return this.#status === 'running';
  }

  /** Takes in a task that was registered while the phase runs, at its place among those left. */
  add(execution: TaskExecution): void {
    const left = this.#placed.filter((turn) => turn.status !== 'ended');
    this.#frontier = this.#place([...left, newTurn(execution)]);
    this.#advance();
  }

  get awaited(): readonly AwaitedTask[] {
    const now = this.scope.clock.now();
    return this.#placed
      .filter((turn) => turn.status === 'started')
      .map(({ execution: { task, phase }, startedAt, allowedMs }) => ({
        phase,
        task: task.name,
        elapsedMs: now - startedAt,
        allowedMs,
        ...inFlightOf(task),
      }));
  }

  #place(turns: readonly Turn[]): Frontier {
    const arranged = arrangeTasks(
      turns.map((turn) => turn.execution.task),
      this.phase.mode,
      this.scope.injections,
    );
    // Every task was checked when it came in, so a cycle here is a fault of ours; no run may hang on it.
    if (arranged.kind === 'cyclic') throw new Error('the tasks of a checked phase wait for each other');
    turns.forEach((turn, node) => {
      turn.node = node;
    });
    this.#placed = turns;
    return new Frontier(arranged.graph, (node) => {
      // A frontier that was replaced while it walked hands out nothing more: its successor does.
      if (this.#placed === turns) this.#handOut(turns[node], node);
    });
  }

  #handOut(turn: Turn | undefined, node: number): void {
    if (turn === undefined) {
      this.#frontier.complete(node);
      return;
    }
    if (turn.status !== 'queued') return;
    const { execution } = turn;
    switch (execution.status) {
      case 'waiting':
      case 'running':
        if (this.#status === 'running') this.#startTurn(turn);
        else this.#skipTurn(turn);
        return;
      case 'withdrawn':
      case 'abandoned':
      case 'ended':
        turn.status = 'ended';
        this.#frontier.complete(turn.node);
    }
  }

  #startTurn(turn: Turn): void {
    const { execution } = turn;
    const { clock, reason, emit } = this.scope;
    const now = clock.now();
    const deadline = Math.min(now + (execution.task.timeout ?? Infinity), this.deadline);
    turn.status = 'started';
    turn.startedAt = now;
    turn.allowedMs = deadline - now;
    emit({ type: 'task-started', at: now, ...identity(execution) });
    if (deadline < this.deadline) {
      turn.timer = clock.schedule(() => expire(turn), deadline - now);
    }
    execution.whenEnded((ending) => this.#endTurn(turn, ending));
    execution.launch(new TaskContext(reason, this.phase.name, deadline));
  }

  #skipTurn(turn: Turn): void {
    turn.status = 'ended';
    const { clock, emit } = this.scope;
    emit({
      type: 'task-skipped',
      at: clock.now(),
      ...identity(turn.execution),
      cause: 'phase-timeout',
    });
    this.#frontier.complete(turn.node);
  }

  #endTurn(turn: Turn, ending: Ending): void {
    turn.status = 'ended';
    turn.timer?.cancel();
    this.#outcome = worse<PhaseOutcome>(this.#outcome, ending.outcome);
    emitEnding(turn.execution, ending, this.scope);
    this.#frontier.complete(turn.node);
    this.#endIfDone();
  }

  #expire(): void {
    this.#status = 'expired';
    const started = this.#placed.filter((turn) => turn.status === 'started');
    for (const turn of started) expire(turn);
    this.#endIfDone();
  }

  #advance(): void {
    this.#frontier.start();
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (!this.#frontier.isDone || this.#status === 'ended') return;
    this.#status = 'ended';
    this.#timer.cancel();
    const { clock, emit, onEnded } = this.scope;
    emit({ type: 'phase-finished', at: clock.now(), phase: this.phase.name, outcome: this.#outcome });
    onEnded(this.#outcome);
  }
}

/** Tells how a task ended, and what becomes of it if it was abandoned. */
export function emitEnding(
  execution: TaskExecution,
  ending: Ending,
  { clock, emit }: Pick<RunScope, 'clock' | 'emit'>,
): void {
  const at = clock.now();
  const abandoned = ending.outcome === 'timed-out';
  emit({
    type: 'task-finished',
    at,
    ...identity(execution),
    abandoned,
    ...ending,
    ...(abandoned ? inFlightOf(execution.task) : undefined),
  });
  if (!abandoned) return;
  execution.whenSettledLate((settlement) => {
    const now = clock.now();
    emit({
      type: 'task-settled-late',
      at: now,
      ...identity(execution),
      lateMs: now - at,
      ...settlement,
    });
  });
}

/** How an event names a task. */
export function identity({ id, phase, task }: TaskExecution): {
  readonly id: number;
  readonly phase: string;
  readonly task: string;
} {
  return { id, phase, task: task.name };
}

function newTurn(execution: TaskExecution): Turn {
  return { execution, node: 0, status: 'queued', startedAt: 0, allowedMs: 0 };
}

function expire({ execution, allowedMs }: Turn): void {
  execution.expire(new ShutdownTimeoutError(execution.task.name, execution.phase, allowedMs));
}

/** A feature that fails to describe its work must not harm the run. */
function inFlightOf(task: TaskExecution['task']): { readonly inFlight: readonly InFlightItem[] } | undefined {
  try {
    const items = task.inFlight?.();
    return items === undefined || items.length === 0 ? undefined : { inFlight: items };
  } catch {
    return undefined;
  }
}
