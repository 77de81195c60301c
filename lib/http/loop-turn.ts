/**
 * Resolves after the event loop has polled for I/O, so everything that has reached the process by now has been
 * read. Timers fire before that poll, however long the loop was blocked or the process stopped.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
