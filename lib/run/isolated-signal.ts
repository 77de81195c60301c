import { callForeign } from './foreign-call.js';

type Method = (...args: readonly unknown[]) => unknown;

/**
 * Passes what a listener of the signal throws, or rejects with, to `onError`. Node would raise it as an uncaught
 * exception, which ends the process during the run.
 */
export function isolateSignal(signal: AbortSignal, onError: (error: unknown) => void): void {
  const guards = new WeakMap<object, Method>();
  const guarded = (listener: unknown): unknown => {
    if (!isListener(listener)) return listener;
    const guard =
      guards.get(listener) ?? ((event) => callForeign(() => call(listener, { signal, event }), onError));
    guards.set(listener, guard);
    return guard;
  };
  for (const name of ['addEventListener', 'removeEventListener'] as const) {
    const original = signal[name];
    define(signal, name, {
      value: (type: unknown, listener: unknown, ...rest: readonly unknown[]) =>
        Reflect.apply(original, signal, [type, guarded(listener), ...rest]),
      writable: true,
    });
  }
  let onabort: unknown = null;
  define(signal, 'onabort', {
    get: () => onabort,
    set: (listener: unknown) => {
      if (isListener(onabort)) Reflect.apply(signal.removeEventListener, signal, ['abort', onabort]);
      onabort = typeof listener === 'function' ? listener : null;
      if (isListener(onabort)) Reflect.apply(signal.addEventListener, signal, ['abort', onabort]);
    },
  });
}

function isListener(value: unknown): value is object {
  return typeof value === 'function' || (typeof value === 'object' && value !== null);
}

function call(
  listener: object,
  { signal, event }: { readonly signal: AbortSignal; readonly event: unknown },
): unknown {
  if (typeof listener === 'function') return Reflect.apply(listener, signal, [event]);
  const handle: unknown = Reflect.get(listener, 'handleEvent');
  return typeof handle === 'function' ? Reflect.apply(handle, listener, [event]) : undefined;
}

function define(signal: AbortSignal, name: string, descriptor: PropertyDescriptor): void {
  Object.defineProperty(signal, name, { configurable: true, ...descriptor });
}
