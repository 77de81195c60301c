import type { ShutdownReason } from './reason.js';

/** Why the application shuts down, in words. */
export function reasonText(reason: ShutdownReason): string {
  switch (reason.kind) {
    case 'signal':
      return reason.signal;
    case 'close':
      return reason.signal === undefined ? 'app.close()' : `app.close(${reason.signal})`;
    case 'request':
      return reason.message;
    case 'message':
      return 'the message `shutdown` of the parent process';
    case 'error':
      return `${reason.origin === 'uncaughtException' ? 'an uncaught exception' : 'an unhandled rejection'}, ${errorText(reason.error)}`;
    case 'exit':
      return reason.message;
    case 'abort':
      return `the abort signal, ${errorText(reason.error)}`;
    case 'before-exit':
      return 'the process has nothing left to do';
    case 'disconnect':
      return 'the primary of the cluster disconnected this worker, or has gone';
    case 'dispose':
      return 'dispose';
  }
}

/** Anything can be thrown, also what cannot be made a text. */
export function errorText(thrown: unknown): string {
  try {
    if (!isError(thrown)) return String(thrown);
    return thrown.cause === undefined
      ? thrown.message
      : `${thrown.message} (because of ${String(thrown.cause)})`;
  } catch {
    return thrown instanceof Error ? thrown.message : 'something that has no text';
  }
}

/** Also true for errors of another realm, as Node's own are where a test runner has a context of its own. */
function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || Object.prototype.toString.call(thrown) === '[object Error]';
}
