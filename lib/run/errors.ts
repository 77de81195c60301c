import { duration } from '../plan/time-budget.js';
import { milliseconds } from '../plan/plan-text.js';
import { isWellFormed, looksLikeError, readError, thrownText } from '../plan/thrown.js';

/** Why a task's signal aborted: its time was over. */
export class ShutdownTimeoutError extends Error {
  override readonly name = 'ShutdownTimeoutError';
  readonly code = 'SHUTDOWN_TIMEOUT';

  /** Milliseconds that the task had; 0 where its time was over before it started. */
  readonly allowedMs: number;

  constructor(
    readonly task: string,
    readonly phase: string,
    allowedMs: number,
  ) {
    super(
      `'${task}' in the phase '${phase}' did not end within its ${milliseconds(allowedMs)}. Its signal was aborted and the shutdown went on without it.`,
    );
    this.allowedMs = duration(allowedMs);
  }
}

/** A task asks for the run that it is a part of, and would wait for itself. */
export class ShutdownSelfWaitError extends Error {
  override readonly name = 'ShutdownSelfWaitError';
  readonly code = 'SHUTDOWN_SELF_WAIT';

  constructor(readonly task: string) {
    super(
      `'${task}' calls GracefulShutdown.run() during the shutdown that it is part of, and would wait for itself. Remove the call.`,
    );
  }
}

/** Stands for a thrown value that is no Error; the value is its `cause`. */
export class ShutdownTaskError extends Error {
  override readonly name = 'ShutdownTaskError';
  readonly code = 'SHUTDOWN_TASK_FAILED';
}

/**
 * The thrown value itself, if it is an Error that can be read like any other; else an Error that has it as its cause
 * and says what it says. Whoever is given this one can read it, log it and store it.
 */
export function toError(thrown: unknown): Error {
  const says = readError(thrown);
  if (says === undefined) {
    const shown = typeof thrown === 'object' && thrown !== null ? 'an object' : thrownText(thrown);
    return new ShutdownTaskError(`threw ${shown} instead of an Error`, { cause: thrown });
  }
  if (isReadable(thrown)) return thrown;
  const error = new ShutdownTaskError(thrownText(thrown), { cause: thrown });
  // The place of the throw, and not that of this line.
  if (says.stack !== undefined) Object.defineProperty(error, 'stack', { value: says.stack });
  return error;
}

function isReadable(thrown: unknown): thrown is Error {
  return looksLikeError(thrown) && isWellFormed(thrown);
}
