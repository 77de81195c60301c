import { printable } from './printable.js';
import type { ShutdownReason } from './reason.js';
import { namedText, readError, thrownText } from './thrown.js';

/** Why the application shuts down, in words. */
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
      return 'the message `shutdown` of the parent process';
    case 'error':
      return `${reason.origin === 'uncaughtException' ? 'an uncaught exception' : 'an unhandled rejection'}, ${errorText(reason.error)}`;
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

/** What was thrown, in words: its message and, where that adds something, its cause. Never throws. */
export function errorText(thrown: unknown): string {
  const text = thrownText(thrown);
  const cause = readError(thrown)?.cause;
  if (cause === undefined) return printable(text);
  return printable(text.endsWith(thrownText(cause)) ? text : `${text} (because of ${namedText(cause)})`);
}

/** Where it was thrown, for a log that takes the stack beside the text. */
export function stackText(thrown: unknown): string | undefined {
  const stack = readError(thrown)?.stack;
  return stack === undefined ? undefined : printable(stack);
}
