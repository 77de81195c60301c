import type { Clock } from '../run/clock.js';

export function pause(ms: number, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(resolve, ms);
  });
}

/** Resolves with the promise or when the time is over, whichever comes first. */
export async function within(
  promise: Promise<unknown>,
  { ms, clock }: { readonly ms: number; readonly clock: Clock },
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = clock.schedule(resolve, ms);
    promise.then(() => resolve(), reject).finally(() => timer.cancel());
  });
}
