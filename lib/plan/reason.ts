import { thrownText } from './thrown.js';

/**
 * Why the application shuts down. The first one to arrive stays; later ones are listed in the report.
 *
 * - `signal`: the process received a signal.
 * - `close`: `app.close()` was called, with the signal if Nest knew one.
 * - `request`: code asked for it through `GracefulShutdown.run()`.
 * - `message`: a parent process sent the message `shutdown`.
 * - `error`: an uncaught exception or an unhandled rejection.
 * - `exit`: code asked for the end of the process through `GracefulShutdown.exit()`, with the exit code if it named one.
 * - `abort`: the `abortSignal` of the options aborted; `error` is its reason.
 * - `before-exit`: the process had nothing left to do.
 * - `disconnect`: the primary of a cluster disconnected this worker, or has gone.
 * - `dispose`: a registration was disposed, outside any run.
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

/** Whether the application was told to leave while its clients and balancers do not know of it yet. */
export function isFromOutside({ kind }: ShutdownReason): boolean {
  return ['signal', 'message', 'exit', 'abort', 'disconnect'].includes(kind);
}

type Parts = Readonly<Record<string, unknown>>;

/** Of each kind of reason, whether its parts are there. */
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

/** What somebody gave as a reason, as one: a text or an Error stands for a request, and code without types may give anything. */
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
