/** Whether a value has a `then` method. Never throws. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  try {
    return typeof Reflect.get(value, 'then') === 'function';
  } catch {
    return false;
  }
}

/**
 * Calls a user function: a listener, a logger, an option. `onError` gets what it throws, and the rejection of a promise
 * that it returns, which would otherwise end the process. The promise is not awaited.
 */
export function callForeign(call: () => unknown, onError: (error: unknown) => void): void {
  try {
    watchAnswer(call(), onError);
  } catch (error) {
    onError(error);
  }
}

/** Handles the rejection of a promise that a user function returned unexpectedly. */
export function watchAnswer(answer: unknown, onError: (error: unknown) => void): void {
  if (!isThenable(answer)) return;
  // `resolve` adopts any thenable, also one whose `then` throws or calls back twice.
  new Promise((resolve) => {
    resolve(answer);
  }).catch(onError);
}
