/** After this many values an iterator yields to the event loop: one that never waits would stop every timer. */
const VALUES_PER_TURN = 1_000;

/** What returned work needs after the function has ended. */
export interface WorkPorts {
  /** Aborts when the task times out. */
  readonly signal: AbortSignal;
  /** Resolves in the next turn of the event loop. */
  readonly turn: () => Promise<void>;
}

/**
 * Runs what a function returned to its end. A promise is awaited, and so are the promises of a list. Observables and
 * iterators are lazy, so they are run: an Observable is subscribed to, an iterator is iterated and its values are
 * awaited. When the task times out, the Observable is unsubscribed from, and the iterator's `return()` is called.
 *
 * Streams and event emitters are resources, not work. They are ignored, like any other value.
 *
 * @returns a promise that settles at the end; `undefined` if there is nothing to wait for
 */
export function endOf(returned: unknown, ports: WorkPorts): Promise<unknown> | undefined {
  if ((typeof returned !== 'object' && typeof returned !== 'function') || returned === null) return undefined;
  // A lazy value that is also thenable, such as a query, is awaited.
  if (isMethod(Reflect.get(returned, 'then'))) return settled(returned, ports);
  if (ports.signal.aborted) return undefined;
  if (Array.isArray(returned)) return endOfAll(returned);
  const observable = observableOf(returned);
  if (observable !== undefined) return completed(observable, ports);
  const iterator = iteratorOf(returned);
  return iterator && iterated(iterator, ports);
}

type Method = (...args: readonly unknown[]) => unknown;

interface Iterator {
  readonly target: object;
  readonly next: Method;
}

/**
 * `Promise.resolve` adopts any thenable, also one whose `then` throws or calls back twice. It returns a native promise
 * as it is, with an overwritten `then`, if there is one.
 */
function settled(thenable: object, ports: WorkPorts): Promise<unknown> {
  return new Promise((resolve, reject) => {
    Promise.resolve(thenable).then((value: unknown) => resolve(endOf(value, ports)), reject);
  });
}

/** Waits until all have settled, then throws the failure, or an AggregateError of several. */
async function endOfAll(list: readonly unknown[]): Promise<void> {
  const outcomes = await Promise.allSettled(list);
  const failed = outcomes.filter((each) => each.status === 'rejected').map(({ reason }): unknown => reason);
  if (failed.length > 1)
    throw new AggregateError(failed, `${failed.length} of ${list.length} promises were rejected`);
  if (failed.length === 1) throw failed[0];
}

function completed(observable: object, { signal }: WorkPorts): Promise<void> {
  return new Promise((resolve, reject) => {
    const observer = { next: () => undefined, error: reject, complete: () => resolve() };
    const subscription: unknown = call(observable, 'subscribe', [observer]);
    const unsubscribe = (): void => {
      try {
        if (typeof subscription === 'object' && subscription !== null) call(subscription, 'unsubscribe');
      } catch (error) {
        reject(error);
      }
    };
    signal.addEventListener('abort', unsubscribe, { once: true });
  });
}

async function iterated({ target, next }: Iterator, ports: WorkPorts): Promise<void> {
  const { signal } = ports;
  let returning: Promise<unknown> | undefined;
  const onAbort = (): void => {
    returning = Promise.resolve().then(() => call(target, 'return'));
    // Awaited below, unless the iterator never settles its current step.
    returning.catch(() => undefined);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for (let count = 1; !signal.aborted; count += 1) {
      const step: unknown = await Reflect.apply(next, target, []);
      if (typeof step !== 'object' || step === null)
        throw new TypeError('the iterator result is not an object');
      if (Reflect.get(step, 'done')) break;
      await Reflect.get(step, 'value');
      if (count % VALUES_PER_TURN === 0) await ports.turn();
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  await returning;
}

/** Detects Observables by `Symbol.observable`, which the libraries share, or by the methods of rxjs. */
function observableOf(value: object): object | undefined {
  const shared: unknown = Reflect.get(Symbol, 'observable');
  for (const key of [typeof shared === 'symbol' ? shared : undefined, '@@observable']) {
    const interop: unknown = key && Reflect.get(value, key);
    const found: unknown = isMethod(interop) ? Reflect.apply(interop, value, []) : undefined;
    if (typeof found === 'object' && found !== null && has(found, 'subscribe')) return found;
  }
  return has(value, 'subscribe', 'lift') ? value : undefined;
}

function iteratorOf(value: object): Iterator | undefined {
  const isStream = has(value, 'on', 'emit') || has(value, 'pipeTo') || has(value, 'getReader');
  if (isStream) return undefined;
  const ofAsync: unknown = Reflect.get(value, Symbol.asyncIterator);
  // Only iterators: lists, sets and maps are iterable too, but they are not work.
  const ofSync: unknown = has(value, 'next') ? Reflect.get(value, Symbol.iterator) : undefined;
  const make = isMethod(ofAsync) ? ofAsync : ofSync;
  const target: unknown = isMethod(make) ? Reflect.apply(make, value, []) : undefined;
  if (typeof target !== 'object' || target === null) return undefined;
  const next: unknown = Reflect.get(target, 'next');
  return isMethod(next) ? { target, next } : undefined;
}

function has(value: object, ...methods: readonly string[]): boolean {
  return methods.every((method) => isMethod(Reflect.get(value, method)));
}

function call(target: object, method: string, args: readonly unknown[] = []): unknown {
  const found: unknown = Reflect.get(target, method);
  return isMethod(found) ? Reflect.apply(found, target, args) : undefined;
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}
