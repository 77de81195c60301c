import { addedTo, sumUp } from '../process/leftovers.js';
import { keepingAlive } from '../process/node-process.js';
import { deadlineAfter } from '../plan/time-budget.js';

/** Taken before a test can put a fake timer in its place. */
const { setTimeout: later } = globalThis;

/** Milliseconds between two looks at what is left. */
const INTERVAL = 10;

/**
 * Finds what keeps the process alive and was not there before: timers, sockets, servers, watchers of files,
 * child processes, worker threads. What is not referenced keeps nothing alive, and is no leak.
 */
export class LeakCheck {
  readonly #before: readonly string[];

  /** What is there now is no leak. */
  constructor(private readonly list: () => readonly string[] = keepingAlive) {
    this.#before = list();
  }

  /** What is there now beyond what was there before: `tcp listening on 127.0.0.1:3000`, `2 × Timeout`. */
  get leaks(): readonly string[] {
    return sumUp(addedTo(this.#before, this.list()));
  }

  /**
   * Checks that nothing is left. What is being closed gets a moment for it.
   *
   * @param within real milliseconds that it may take
   * @throws Error that names each leak
   */
  async expectNone({ within = 1_000 }: { readonly within?: number } = {}): Promise<void> {
    const until = deadlineAfter(performance.now(), within);
    let { leaks } = this;
    while (leaks.length > 0 && performance.now() < until) {
      await new Promise<void>((resolve) => {
        // It keeps the process alive, which may have nothing else to do; when it has fired it counts no more.
        later(resolve, INTERVAL);
      });
      ({ leaks } = this);
    }
    if (leaks.length > 0) {
      throw new Error(`Left open, and keeping the process alive: ${leaks.join('; ')}.`);
    }
  }
}
