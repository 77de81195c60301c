import type { ShutdownReason } from '../plan/reason.js';
import type { ShutdownTask } from '../plan/task.js';
import { timeLeft } from '../plan/time-budget.js';
import type { Clock, Timer } from './clock.js';
import { ShutdownTimeoutError, toError } from './errors.js';
import { whenOver } from './expiry.js';
import { endOf } from './returned-work.js';
import { TaskContext } from './task-context.js';

/** How the function of a task ended. */
export type Settlement =
  { readonly outcome: 'completed' } | { readonly outcome: 'failed'; readonly error: Error };

/** How a task ended for the run: its function settled, or it timed out first. */
export type Ending = Settlement | { readonly outcome: 'timed-out'; readonly error: Error };

type EndingListener = (ending: Ending) => void;

/** A request to run the task, with its time limits. */
export interface Claim {
  readonly by: 'run' | 'dispose';
  readonly reason: ShutdownReason;
  readonly clock: Clock;
  readonly startedAt: number;
  readonly deadline: number;
  /** The timeout in milliseconds, for the error and the progress line. */
  readonly allowedMs: number;
  /** Most tasks share the deadline of their phase, and its timer. */
  readonly timer: 'own' | 'of the phase';
  /** Receives what a listener of the task's signal throws. */
  readonly onListenerError?: ((error: unknown) => void) | undefined;
}

/** The current limits of a running task. */
interface Term extends Pick<Claim, 'by' | 'startedAt' | 'deadline' | 'allowedMs'> {
  readonly timer: Timer | undefined;
}

type State =
  | { readonly status: 'waiting' }
  | { readonly status: 'withdrawn' }
  /** Claimed: its function is called in this step or in a later one, and has not ended. */
  | { readonly status: 'running'; readonly context: TaskContext; readonly term: Term }
  /** Timed out; its signal is aborting, which calls user listeners. The ending has not been reported yet. */
  | { readonly status: 'expiring'; readonly term: Term }
  | { readonly status: 'abandoned'; readonly ending: Ending }
  | { readonly status: 'ended'; readonly ending: Ending };

const WAITING: State = { status: 'waiting' };
const WITHDRAWN: State = { status: 'withdrawn' };
const COMPLETED: Settlement = { outcome: 'completed' };
const ENDED_COMPLETED: State = { status: 'ended', ending: COMPLETED };

/**
 * One task, from registration to end. The run and a dispose may both request it; its function is called at most once.
 *
 *     waiting → running → ended
 *        ↓         ↓        ↑
 *     withdrawn expiring → abandoned
 *
 * A second claim joins the running task: it does not call the function, and the earlier deadline applies.
 */
export class TaskExecution {
  /** Its node in the task graph of its phase. Only the phase uses it. */
  node = 0;
  #state: State = WAITING;
  /** Most tasks have a single listener. */
  #onEnding: EndingListener | EndingListener[] | undefined;
  #onLateSettlement: ((settlement: Settlement) => void) | undefined;

  constructor(
    readonly id: number,
    readonly task: ShutdownTask,
    readonly phase: string,
    /** The registration depth: one more than that of the task that registered it. */
    readonly depth = 0,
  ) {}

  get status(): State['status'] {
    return this.#state.status;
  }

  /** Whether it has ended for the run: it cannot be claimed any more, and another task may use its name. */
  get isOver(): boolean {
    return this.#state.status !== 'waiting' && this.#state.status !== 'running';
  }

  /** When it started and its timeout; `undefined` if the run does not wait for it. */
  get awaited(): { readonly startedAt: number; readonly allowedMs: number } | undefined {
    if (this.#state.status !== 'running' && this.#state.status !== 'expiring') return undefined;
    return this.#state.term.by === 'run' ? this.#state.term : undefined;
  }

  /**
   * Starts a waiting task, or joins a running one. From then on it cannot be withdrawn. Returns `true` to the first
   * caller only, which must `call()` it.
   */
  claim(claim: Claim): boolean {
    switch (this.#state.status) {
      case 'waiting': {
        const { reason, clock, deadline: until, onListenerError } = claim;
        const context = new TaskContext(reason, this.phase, { clock, until, onListenerError });
        this.#state = { status: 'running', context, term: this.#termOf(claim) };
        return true;
      }
      case 'running': {
        const { context, term } = this.#state;
        this.#state = { status: 'running', context, term: this.#joined(term, claim) };
        return false;
      }
      case 'withdrawn':
      case 'expiring':
      case 'abandoned':
      case 'ended':
        return false;
    }
  }

  call(): void {
    if (this.#state.status !== 'running') return;
    const settlement = this.#callFunction(this.#state.context);
    if (settlement !== undefined) this.#settle(settlement);
  }

  /** Times out a running task: aborts its signal and abandons it. A later end is only recorded. */
  expire(): void {
    if (this.#state.status !== 'running') return;
    const { context, term } = this.#state;
    term.timer?.cancel();
    this.#state = { status: 'expiring', term };
    const error = new ShutdownTimeoutError(this.task.name, this.phase, term.allowedMs);
    context.abort(error);
    const ending: Ending = { outcome: 'timed-out', error };
    this.#state = { status: 'abandoned', ending };
    this.#emitEnding(ending);
  }

  /** Removes a waiting task from the shutdown. Returns `false` if it was not waiting any more. */
  withdraw(): boolean {
    if (this.#state.status !== 'waiting') return false;
    this.#state = WITHDRAWN;
    return true;
  }

  /** Calls back when the task has ended; immediately if it has already. */
  whenEnded(callback: (ending: Ending) => void): void {
    if (this.#state.status === 'ended' || this.#state.status === 'abandoned') callback(this.#state.ending);
    else if (this.#onEnding === undefined) this.#onEnding = callback;
    else if (typeof this.#onEnding === 'function') this.#onEnding = [this.#onEnding, callback];
    else this.#onEnding.push(callback);
  }

  /** Calls back if the function ends after the task was abandoned. */
  whenSettledLate(callback: (settlement: Settlement) => void): void {
    this.#onLateSettlement = callback;
  }

  #termOf({ by, clock, startedAt, deadline, allowedMs, timer }: Claim): Term {
    return {
      by,
      startedAt,
      deadline,
      allowedMs,
      timer:
        timer === 'own' ? whenOver(clock, () => this.expire(), timeLeft(deadline, startedAt)) : undefined,
    };
  }

  /** Keeps the earlier deadline. If the run joins a task that a dispose started, the run waits for it. */
  #joined(term: Term, claim: Claim): Term {
    const by = claim.by === 'run' ? 'run' : term.by;
    if (claim.deadline >= term.deadline) return { ...term, by };
    term.timer?.cancel();
    return { ...this.#termOf(claim), by };
  }

  /** Returns how the function ended, if it ended synchronously. */
  #callFunction(context: TaskContext): Settlement | undefined {
    try {
      const returned: unknown = this.task.run(context);
      if ((typeof returned !== 'object' && typeof returned !== 'function') || returned === null) {
        return COMPLETED;
      }
      const end = endOf(returned, context);
      if (end === undefined) return COMPLETED;
      end.then(
        () => this.#settle(COMPLETED),
        (thrown: unknown) => this.#settle({ outcome: 'failed', error: toError(thrown) }),
      );
      return undefined;
    } catch (thrown) {
      return { outcome: 'failed', error: toError(thrown) };
    }
  }

  #settle(settlement: Settlement): void {
    switch (this.#state.status) {
      case 'running':
        this.#state.term.timer?.cancel();
        this.#state = settlement === COMPLETED ? ENDED_COMPLETED : { status: 'ended', ending: settlement };
        this.#emitEnding(settlement);
        return;
      case 'abandoned':
        this.#state = { status: 'ended', ending: this.#state.ending };
        this.#onLateSettlement?.(settlement);
        return;
      default:
      // It has settled already.
    }
  }

  #emitEnding(ending: Ending): void {
    const listeners = this.#onEnding;
    this.#onEnding = undefined;
    if (typeof listeners === 'function') listeners(ending);
    else listeners?.forEach((listener) => listener(ending));
  }
}
