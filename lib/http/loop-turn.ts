/**
 * Resolves when the event loop has come round: what has reached this process by now has been read. Timers fire
 * in front of that, however long the loop was blocked or the process stopped.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
