import type { Clock } from '../run/clock.js';
import { whenOver } from '../run/expiry.js';

/**
 * Waits for a promise until a deadline, and rejects with the error when that has passed. What becomes of the promise
 * later is nobody's concern. The timer keeps the process alive: without it a wait for what never comes would end as
 * the process does, and say nothing.
 */
export async function bounded<T>(
  promise: Promise<T>,
  { clock, deadline, late }: { readonly clock: Clock; readonly deadline: number; readonly late: Error },
): Promise<T> {
  promise.catch(() => undefined);
  return new Promise((resolve, reject) => {
    const timer = whenOver(clock, () => reject(late), Math.max(0, deadline - clock.now()));
    promise.then(resolve, reject).finally(() => timer.cancel());
  });
}
