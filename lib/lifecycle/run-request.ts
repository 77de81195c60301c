import type { ShutdownReason } from '../plan/reason.js';
import type { RunOptions } from '../run/shutdown-run.js';
import type { ShutdownTarget } from './shutdown-target.js';

/** A run that was asked for, and has not started yet. */
export interface RunRequest {
  readonly reason: ShutdownReason;
  readonly options: RunOptions;
  /** Reasons that come until it starts, after the first. */
  readonly joining: readonly ShutdownReason[];
}

/** Starts the run that was asked for, or joins the one that goes on. */
export async function startRun(
  target: ShutdownTarget,
  { reason, options, joining }: RunRequest,
): Promise<void> {
  const ended = target.run(reason, options);
  for (const each of joining) void target.run(each);
  await ended;
}
