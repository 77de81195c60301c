import cluster from 'node:cluster';

const FLAG = 'exitedAfterDisconnect';

/**
 * Calls back once when the cluster primary disconnects this worker or dies. Returns a function that removes the
 * listener. Does nothing outside a cluster worker.
 *
 * Node calls `process.exit(0)` in a worker when its channel closes, unless `exitedAfterDisconnect` is set.
 * `disconnect()` sets it before anything else. So the flag shows when a disconnect begins, and setting it ourselves
 * keeps the worker alive after the primary has died.
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
