import cluster from 'node:cluster';

const FLAG = 'exitedAfterDisconnect';

/**
 * Calls back once when the primary of a cluster disconnects this process, or has gone; the answer takes the
 * listener off. Elsewhere nothing happens.
 *
 * Node ends a worker with `process.exit(0)` as its channel closes, unless `exitedAfterDisconnect` is set, which
 * `disconnect()` does before anything else. So the flag says when a disconnect begins, and setting it keeps the
 * worker alive when the primary has died.
 */
export function onClusterDisconnect(listener: () => void): () => void {
  const { worker } = cluster;
  if (worker === undefined) return () => undefined;
  let flag: unknown = Reflect.get(worker, FLAG);
  let isTold = false;
  const define = (descriptor: PropertyDescriptor): void => {
    Object.defineProperty(worker, FLAG, { configurable: true, enumerable: true, ...descriptor });
  };
  const onFlag = (value: unknown): void => {
    flag = value;
    if (value !== true || isTold) return;
    isTold = true;
    listener();
  };
  const onDisconnect = (): void => void Reflect.set(worker, FLAG, true);
  define({ get: () => flag, set: onFlag });
  worker.on('disconnect', onDisconnect);
  return () => {
    worker.off('disconnect', onDisconnect);
    define({ value: flag, writable: true });
  };
}
