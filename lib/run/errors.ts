import { milliseconds } from '../plan/plan-text.js';

/** Why a task's signal aborted: its time was over. */
export class ShutdownTimeoutError extends Error {
  override readonly name = 'ShutdownTimeoutError';
  readonly code = 'SHUTDOWN_TIMEOUT';

  constructor(
    readonly task: string,
    readonly phase: string,
    /** Milliseconds that the task had. */
    readonly allowedMs: number,
  ) {
    super(
      `'${task}' in the phase '${phase}' did not end within its ${milliseconds(allowedMs)}. Its signal was aborted and the shutdown went on without it.`,
    );
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

/** The thrown value itself if it is an Error; else an Error that has it as its cause. */
export function toError(thrown: unknown): Error {
  try {
    if (isError(thrown)) return thrown;
    return new ShutdownTaskError(`threw ${described(thrown)} instead of an Error`, { cause: thrown });
  } catch {
    // A proxy or a getter may throw in turn when it is looked at.
    return new ShutdownTaskError('threw a value that cannot be described', { cause: thrown });
  }
}

function described(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null ? 'an object' : String(thrown);
}

/** Also true for errors of another realm, as a test runner with a context of its own makes them. */
function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || Object.prototype.toString.call(thrown) === '[object Error]';
}
