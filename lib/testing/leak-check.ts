import { addedTo, sumUp } from '../process/leftovers.js';
import { keepingAlive } from '../process/node-process.js';
import { deadlineAfter } from '../plan/time-budget.js';

/** Captured before a test can install fake timers. */
const { setTimeout: later } = globalThis;

/** Milliseconds between two checks. */
const INTERVAL = 10;

/**
 * Finds new resources that keep the process alive: timers, sockets, servers, file watchers, child processes, worker
 * threads. Unreferenced resources do not keep it alive and are not leaks.
 */
export class LeakCheck {
  readonly #before: readonly string[];

  /** Resources that exist now do not count as leaks. */
  constructor(private readonly list: () => readonly string[] = keepingAlive) {
    this.#before = list();
  }

  /** The resources that were added since: `tcp listening on 127.0.0.1:3000`, `2 × Timeout`. */
  get leaks(): readonly string[] {
    return sumUp(addedTo(this.#before, this.list()));
  }

  /**
   * Checks that nothing is left. Resources that are closing get `within` to finish.
   *
   * @param within real milliseconds to wait at most, 1 000 by default
   * @throws Error with each leak
   */
  async expectNone({ within = 1_000 }: { readonly within?: number } = {}): Promise<void> {
    const until = deadlineAfter(performance.now(), within);
    let { leaks } = this;
    while (leaks.length > 0 && performance.now() < until) {
      await new Promise<void>((resolve) => {
        // Referenced, since nothing else may keep the process alive. A timer that has fired no longer counts as a
        // leak.
        later(resolve, INTERVAL);
      });
      ({ leaks } = this);
    }
    if (leaks.length > 0) {
      throw new Error(`Leaks that keep the process alive: ${leaks.join('; ')}.`);
    }
  }
}
