import type { EventEmitter } from 'node:events';

/**
 * Adds a listener in front of all others, and only while there are others: for `upgrade` and `Expect: 100-continue`
 * Node's default behaviour depends on nobody listening.
 */
export function listenBeside<Args extends unknown[]>(
  emitter: EventEmitter,
  event: string,
  listener: (...args: Args) => void,
): void {
  let listens = false;
  const join = (): void => {
    if (listens) return;
    listens = true;
    emitter.prependListener(event, listener);
  };
  const leave = (): void => {
    if (!listens || emitter.listenerCount(event) > 1) return;
    listens = false;
    emitter.off(event, listener);
  };
  if (emitter.listenerCount(event) > 0) join();
  emitter.on('newListener', (name: unknown) => {
    if (name === event) join();
  });
  emitter.on('removeListener', (name: unknown) => {
    if (name === event) leave();
  });
}
