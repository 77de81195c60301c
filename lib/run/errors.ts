import { duration } from '../plan/time-budget.js';
import { milliseconds } from '../plan/plan-text.js';
import { isWellFormed, looksLikeError, readError, thrownText } from '../plan/thrown.js';

/** A task timed out. The reason of the task's `signal`, and the `error` of the task in the report. */
export class ShutdownTimeoutError extends Error {
  override readonly name = 'ShutdownTimeoutError';
  readonly code = 'SHUTDOWN_TIMEOUT';

  /** The timeout in milliseconds; 0 if the deadline had passed before the task started. */
  readonly allowedMs: number;

  constructor(
    readonly task: string,
    readonly phase: string,
    allowedMs: number,
  ) {
    super(
      `'${task}' in phase '${phase}' timed out after ${milliseconds(allowedMs)}. Its signal was aborted, and the shutdown continued without it.`,
    );
    this.allowedMs = duration(allowedMs);
  }
}

/** A handler calls `GracefulShutdown.run()` during the run that it is part of, and would wait for itself. */
export class ShutdownSelfWaitError extends Error {
  override readonly name = 'ShutdownSelfWaitError';
  readonly code = 'SHUTDOWN_SELF_WAIT';

  constructor(readonly task: string) {
    super(
      `'${task}' calls GracefulShutdown.run() during the shutdown that it is part of, so it would wait for itself. Remove the call.`,
    );
  }
}

/** Wraps a thrown value that is not an Error, or an Error that cannot be read; the value is its `cause`. */
export class ShutdownTaskError extends Error {
  override readonly name = 'ShutdownTaskError';
  readonly code = 'SHUTDOWN_TASK_FAILED';
}

/**
 * Returns the thrown value if it is a readable Error, else a `ShutdownTaskError` with its text and the value as `cause`.
 * The result can be read, logged and stored safely.
 */
export function toError(thrown: unknown): Error {
  const says = readError(thrown);
  if (says === undefined) {
    const shown = typeof thrown === 'object' && thrown !== null ? 'an object' : thrownText(thrown);
    return new ShutdownTaskError(`threw ${shown} instead of an Error`, { cause: thrown });
  }
  if (isReadable(thrown)) return thrown;
  const error = new ShutdownTaskError(thrownText(thrown), { cause: thrown });
  // Points to the throw instead of this line.
  if (says.stack !== undefined) Object.defineProperty(error, 'stack', { value: says.stack });
  return error;
}

function isReadable(thrown: unknown): thrown is Error {
  return looksLikeError(thrown) && isWellFormed(thrown);
}
