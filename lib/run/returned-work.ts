/** After so many values an iterator lets the event loop have a turn: one that never waits would stop every timer. */
const VALUES_PER_TURN = 1_000;

/** What work needs that goes on when the function which returned it has ended. */
export interface WorkPorts {
  /** Aborts when the time of the task is over. */
  readonly signal: AbortSignal;
  /** Resolves in the next turn of the event loop. */
  readonly turn: () => Promise<void>;
}

/**
 * Follows what a function returned to its end. Observables, generators and other iterators do nothing until somebody
 * asks them to, so each is run: an Observable is subscribed to, an iterator asked for its values, which are awaited.
 * A list is followed where it holds promises. When the time is over, an Observable is unsubscribed from, and an
 * iterator returns.
 *
 * Streams and event emitters are things and not work: they count as any other value.
 *
 * @returns a promise of its end; `undefined` where nothing is left to wait for
 */
export function endOf(returned: unknown, ports: WorkPorts): Promise<unknown> | undefined {
  if ((typeof returned !== 'object' && typeof returned !== 'function') || returned === null) return undefined;
  // What is lazy and can be awaited too, as a query is, is awaited.
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
 * Adopts any thenable; one whose `then` throws or calls twice is handled by the promise. A promise of the platform is
 * taken as it is, with whatever `then` somebody may have put on it.
 */
function settled(thenable: object, ports: WorkPorts): Promise<unknown> {
  return new Promise((resolve, reject) => {
    Promise.resolve(thenable).then((value: unknown) => resolve(endOf(value, ports)), reject);
  });
}

/** Fails with the first failure, when all have settled: the others are work too. */
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
    // Awaited below, where the iterator lets it come to that.
    returning.catch(() => undefined);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for (let count = 1; !signal.aborted; count += 1) {
      const step: unknown = await Reflect.apply(next, target, []);
      if (typeof step !== 'object' || step === null) throw new TypeError('the iterator returned no object');
      if (Reflect.get(step, 'done')) break;
      await Reflect.get(step, 'value');
      if (count % VALUES_PER_TURN === 0) await ports.turn();
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  await returning;
}

/** By the interface that libraries of Observables share, or as rxjs knows its own. */
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
  // A list, a set or a map may be iterated too, and is no work.
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
