/** Whether a value may settle later. Never throws. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  try {
    return typeof Reflect.get(value, 'then') === 'function';
  } catch {
    return false;
  }
}

/**
 * Calls a function that is not ours: a listener, a logger, an option. What it throws goes to `onError`. So does the
 * rejection of a promise that it returns, which would else end the process; nobody waits for that promise.
 */
export function callForeign(call: () => unknown, onError: (error: unknown) => void): void {
  try {
    watchAnswer(call(), onError);
  } catch (error) {
    onError(error);
  }
}

/** Takes the rejection of a promise that a function of somebody else returned where nobody asked for one. */
export function watchAnswer(answer: unknown, onError: (error: unknown) => void): void {
  if (!isThenable(answer)) return;
  // Adopts any thenable, also one whose `then` throws or calls back twice.
  new Promise((resolve) => {
    resolve(answer);
  }).catch(onError);
}
