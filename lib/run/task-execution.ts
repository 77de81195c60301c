import type { ShutdownTask } from '../plan/task.js';
import { toError } from './errors.js';
import type { TaskContext } from './task-context.js';

/** How the function of a task settled. */
export type Settlement =
  { readonly outcome: 'completed' } | { readonly outcome: 'failed'; readonly error: Error };

/** How a task ended for those who wait for it: it settled, or its time was over before it did. */
export type Ending = Settlement | { readonly outcome: 'timed-out'; readonly error: Error };

type State =
  | { readonly status: 'waiting' }
  | { readonly status: 'withdrawn' }
  | { readonly status: 'running'; readonly context: TaskContext }
  | { readonly status: 'abandoned'; readonly ending: Ending }
  | { readonly status: 'ended'; readonly ending: Ending };

const WAITING: State = { status: 'waiting' };
const WITHDRAWN: State = { status: 'withdrawn' };
const COMPLETED: Settlement = { outcome: 'completed' };

/**
 * One task and the fate of its function, which is called at most once, whoever asks: the run, or a dispose.
 *
 * waiting → running → ended, or → abandoned → ended where its time is over first; or waiting → withdrawn.
 */
export class TaskExecution {
  #state: State = WAITING;
  #onEnding: ((ending: Ending) => void)[] = [];
  #onLateSettlement: ((settlement: Settlement) => void)[] = [];

  constructor(
    readonly id: number,
    readonly task: ShutdownTask,
    readonly phase: string,
  ) {}

  get status(): State['status'] {
    return this.#state.status;
  }

  /** Calls the function. Only a waiting task is launched. */
  launch(context: TaskContext): void {
    if (this.#state.status !== 'waiting') return;
    this.#state = { status: 'running', context };
    let returned: unknown;
    try {
      returned = this.task.run(context);
    } catch (thrown) {
      this.#settle({ outcome: 'failed', error: toError(thrown) });
      return;
    }
    if ((typeof returned !== 'object' && typeof returned !== 'function') || returned === null) {
      this.#settle(COMPLETED);
      return;
    }
    // Adopts any thenable; one whose `then` throws or calls twice is handled by the promise.
    Promise.resolve(returned).then(
      () => this.#settle(COMPLETED),
      (thrown: unknown) => this.#settle({ outcome: 'failed', error: toError(thrown) }),
    );
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
    else this.#onEnding.push(callback);
  }

  /** Calls back if the function settles after its time was over. */
  whenSettledLate(callback: (settlement: Settlement) => void): void {
    this.#onLateSettlement.push(callback);
  }

  #settle(settlement: Settlement): void {
    const late = this.#state.status === 'abandoned';
    this.#state = {
      status: 'ended',
      ending: this.#state.status === 'abandoned' ? this.#state.ending : settlement,
    };
    if (!late) this.#tellEnding(settlement);
    else for (const callback of this.#onLateSettlement) callback(settlement);
    this.#onLateSettlement = [];
  }

  #tellEnding(ending: Ending): void {
    const callbacks = this.#onEnding;
    this.#onEnding = [];
    for (const callback of callbacks) callback(ending);
  }
}
