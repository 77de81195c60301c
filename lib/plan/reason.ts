import { thrownText } from './thrown.js';

/**
 * Why the app shuts down. The first reason wins; the report lists later ones as `joinedReasons`.
 *
 * - `signal`: the process received a signal.
 * - `close`: `app.close()` was called; `signal` is its argument, if any.
 * - `request`: code called `GracefulShutdown.run()`; `message` says why.
 * - `message`: the parent process sent the message `shutdown`.
 * - `error`: an uncaught exception or an unhandled rejection.
 * - `exit`: code called `GracefulShutdown.exit()`; `code` is the exit code, if it passed one.
 * - `abort`: the `abortSignal` of the options aborted; `error` is its reason.
 * - `before-exit`: the event loop is empty.
 * - `disconnect`: the cluster primary disconnected this worker or exited.
 * - `dispose`: a registration was disposed outside of a run.
 */
export type ShutdownReason =
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'close'; readonly signal?: string }
  | { readonly kind: 'request'; readonly message: string }
  | { readonly kind: 'message' }
  | {
      readonly kind: 'error';
      readonly error: unknown;
      readonly origin: 'uncaughtException' | 'unhandledRejection';
    }
  | { readonly kind: 'exit'; readonly message: string; readonly code?: number }
  | { readonly kind: 'abort'; readonly error: unknown }
  | { readonly kind: 'before-exit' }
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'dispose' };

/** Whether the trigger came from outside: clients and load balancers do not know of the shutdown yet. */
export function isFromOutside({ kind }: ShutdownReason): boolean {
  return ['signal', 'message', 'exit', 'abort', 'disconnect'].includes(kind);
}

type Parts = Readonly<Record<string, unknown>>;

/** Whether a reason of each kind is complete. */
const IS_WHOLE: Readonly<Record<ShutdownReason['kind'], (parts: Parts) => boolean>> = {
  signal: ({ signal }) => typeof signal === 'string',
  close: ({ signal }) => signal === undefined || typeof signal === 'string',
  request: ({ message }) => typeof message === 'string',
  message: () => true,
  error: ({ origin }) => typeof origin === 'string',
  exit: ({ message, code }) =>
    typeof message === 'string' && (code === undefined || typeof code === 'number'),
  abort: () => true,
  'before-exit': () => true,
  disconnect: () => true,
  dispose: () => true,
};

/** Turns the argument of `run()` into a reason. Anything that is not a reason becomes a request. */
export function reasonOf(given: unknown): ShutdownReason {
  return isReason(given) ? given : { kind: 'request', message: thrownText(given) };
}

function isReason(given: unknown): given is ShutdownReason {
  try {
    if (typeof given !== 'object' || given === null) return false;
    const kind: unknown = Reflect.get(given, 'kind');
    const found = Object.entries(IS_WHOLE).find(([each]) => each === kind);
    return found !== undefined && found[1]({ ...given });
  } catch {
    return false;
  }
}
