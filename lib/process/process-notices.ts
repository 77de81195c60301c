import { failure, warning, type Notice } from '../notice.js';
import { seconds } from '../plan/plan-text.js';
import { errorText } from '../plan/reason-text.js';

/** A second signal ends the process at once. */
export function escalated({
  signal,
  afterMs,
  abandoned,
}: {
  readonly signal: string;
  /** Milliseconds since the first trigger. */
  readonly afterMs: number;
  /** The tasks that still run. */
  readonly abandoned: readonly string[];
}): Notice {
  return failure(
    'escalated',
    `${signal} again after ${seconds(afterMs)}: ending now. ${abandonedText(abandoned)}`,
  );
}

/** The time from the trigger to the end of the process is over. */
export function deadlinePassed({
  afterMs,
  abandoned,
  leftovers = [],
}: {
  readonly afterMs: number;
  readonly abandoned: readonly string[];
  /** What holds the process when no task does, such as a socket without an owner. */
  readonly leftovers?: readonly string[];
}): Notice {
  const open = leftovers.length === 0 ? '' : ` Still open: ${leftovers.join('; ')}.`;
  return failure(
    'deadline-passed',
    `The grace period is almost over after ${seconds(afterMs)}: ending now. ${abandonedText(abandoned)}${open}`,
  );
}

/** An error that nobody caught starts the shutdown; a second one ends the process. */
export function fatalError({
  error,
  origin,
  second,
}: {
  readonly error: unknown;
  readonly origin: 'uncaughtException' | 'unhandledRejection';
  readonly second: boolean;
}): Notice {
  const what = origin === 'uncaughtException' ? 'Uncaught exception' : 'Unhandled rejection';
  return failure(
    'fatal-error',
    `${what}${second ? ' during a shutdown that another one started, ending now' : ''}: ${errorText(error)}`,
    error,
  );
}

/** Everything is closed, and the process does not end by itself. */
export function keptAlive({
  afterMs,
  leftovers,
}: {
  readonly afterMs: number;
  readonly leftovers: readonly string[];
}): Notice {
  return failure(
    'kept-alive',
    `The shutdown ended ${seconds(afterMs)} ago, but the process is kept alive by ${leftovers.join('; ') || 'something that Node does not name'}: ending it now.`,
  );
}

/** Something else ends the process before everything is closed. */
export function cutShort({
  code,
  caller,
  abandoned,
}: {
  readonly code: number;
  readonly caller: string | undefined;
  readonly abandoned: readonly string[];
}): Notice {
  return failure(
    'cut-short',
    `The process exits with code ${code} before the shutdown has finished${caller === undefined ? '' : `, called at ${caller}`}. ${abandonedText(abandoned)}`,
  );
}

/** The guard of another copy of the package is in this process. */
export function secondCopy(): Notice {
  return warning(
    'second-copy',
    'Two copies of nestjs-phased-shutdown are loaded in this process. Run `npm ls nestjs-phased-shutdown`, and keep one.',
  );
}

function abandonedText(abandoned: readonly string[]): string {
  return abandoned.length === 0
    ? 'No task was running: a Nest hook, or the close of a server, did not end.'
    : `Abandoned: ${abandoned.join(', ')}.`;
}
