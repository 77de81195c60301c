import type { ShutdownTask } from '../plan/task.js';
import { toError } from './errors.js';
import { endOf } from './returned-work.js';
import type { TaskContext } from './task-context.js';

/** How the function of a task settled. */
export type Settlement =
  { readonly outcome: 'completed' } | { readonly outcome: 'failed'; readonly error: Error };

/** How a task ended for those who wait for it: it settled, or its time was over before it did. */
export type Ending = Settlement | { readonly outcome: 'timed-out'; readonly error: Error };

type EndingListener = (ending: Ending) => void;

type State =
  | { readonly status: 'waiting' }
  | { readonly status: 'withdrawn' }
  | { readonly status: 'running'; readonly context: TaskContext }
  | { readonly status: 'abandoned'; readonly ending: Ending }
  | { readonly status: 'ended'; readonly ending: Ending };

const WAITING: State = { status: 'waiting' };
const WITHDRAWN: State = { status: 'withdrawn' };
const COMPLETED: Settlement = { outcome: 'completed' };
const ENDED_COMPLETED: State = { status: 'ended', ending: COMPLETED };

/**
 * One task and the fate of its function, which is called at most once, whoever asks: the run, or a dispose.
 *
 * waiting → running → ended, or → abandoned → ended where its time is over first; or waiting → withdrawn.
 */
export class TaskExecution {
  #state: State = WAITING;
  /** Most tasks are waited for by one alone. */
  #onEnding: EndingListener | EndingListener[] | undefined;
  #onLateSettlement: ((settlement: Settlement) => void) | undefined;

  constructor(
    readonly id: number,
    readonly task: ShutdownTask,
    readonly phase: string,
    /** How many tasks registered each other from their own functions, down to this one. */
    readonly depth = 0,
  ) {}

  get status(): State['status'] {
    return this.#state.status;
  }

  /** Whether nobody waits for it any more. */
  get isOver(): boolean {
    return this.#state.status !== 'waiting' && this.#state.status !== 'running';
  }

  /**
   * Claims a waiting task: from now on it is too late to withdraw it. Who claimed it has to `call` it; the
   * answer is `false` for all others.
   */
  claim(context: TaskContext): boolean {
    if (this.#state.status !== 'waiting') return false;
    this.#state = { status: 'running', context };
    return true;
  }

  /** Calls the function of a claimed task. */
  call(): void {
    if (this.#state.status !== 'running') return;
    const settlement = this.#callFunction(this.#state.context);
    if (settlement !== undefined) this.#settle(settlement);
  }

  /** Ends the wait for a running task: its signal aborts, and what it does from now on is only noted. */
  expire(error: Error): void {
    if (this.#state.status !== 'running') return;
    const { context } = this.#state;
    const ending: Ending = { outcome: 'timed-out', error };
    this.#state = { status: 'abandoned', ending };
    context.abort(error);
    this.#tellEnding(ending);
  }

  /** Takes a waiting task out of the shutdown; says whether it still could. */
  withdraw(): boolean {
    if (this.#state.status !== 'waiting') return false;
    this.#state = WITHDRAWN;
    return true;
  }

  /** Calls back when the task has ended; at once if it has. */
  whenEnded(callback: (ending: Ending) => void): void {
    if (this.#state.status === 'ended' || this.#state.status === 'abandoned') callback(this.#state.ending);
    else if (this.#onEnding === undefined) this.#onEnding = callback;
    else if (typeof this.#onEnding === 'function') this.#onEnding = [this.#onEnding, callback];
    else this.#onEnding.push(callback);
  }

  /** Calls back if the function settles after its time was over. */
  whenSettledLate(callback: (settlement: Settlement) => void): void {
    this.#onLateSettlement = callback;
  }

  /** How it settled, where that is known when the call returns. */
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
        this.#state = settlement === COMPLETED ? ENDED_COMPLETED : { status: 'ended', ending: settlement };
        this.#tellEnding(settlement);
        return;
      case 'abandoned':
        this.#state = { status: 'ended', ending: this.#state.ending };
        this.#onLateSettlement?.(settlement);
        return;
      default:
      // It has settled before.
    }
  }

  #tellEnding(ending: Ending): void {
    const listeners = this.#onEnding;
    this.#onEnding = undefined;
    if (typeof listeners === 'function') listeners(ending);
    else listeners?.forEach((listener) => listener(ending));
  }
}
