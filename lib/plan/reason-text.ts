import { printable } from './printable.js';
import type { ShutdownReason } from './reason.js';
import { namedText, readError, thrownText } from './thrown.js';

/** The reason as it appears in log lines and reports. */
export function reasonText(reason: ShutdownReason): string {
  switch (reason.kind) {
    case 'signal':
      return reason.signal;
    case 'close':
      return reason.signal === undefined ? 'app.close()' : `app.close(${reason.signal})`;
    case 'request':
    case 'exit':
      return printable(reason.message);
    case 'message':
      return 'the `shutdown` message from the parent process';
    case 'error':
      return `${reason.origin === 'uncaughtException' ? 'an uncaught exception' : 'an unhandled rejection'}, ${errorText(reason.error)}`;
    case 'abort':
      return `the abort signal, ${errorText(reason.error)}`;
    case 'before-exit':
      return 'the process has nothing left to do';
    case 'disconnect':
      return 'the cluster primary disconnected this worker or exited';
    case 'dispose':
      return 'dispose';
  }
}

/** The message of a thrown value, with its cause unless the message ends with it. Never throws. */
export function errorText(thrown: unknown): string {
  const text = thrownText(thrown);
  const cause = readError(thrown)?.cause;
  if (cause === undefined) return printable(text);
  return printable(text.endsWith(thrownText(cause)) ? text : `${text} (cause: ${namedText(cause)})`);
}

/** The stack, for loggers that take it as a separate argument. */
export function stackText(thrown: unknown): string | undefined {
  const stack = readError(thrown)?.stack;
  return stack === undefined ? undefined : printable(stack);
}
