import type { ShutdownReason } from '../plan/reason.js';
import type { RunOptions } from '../run/shutdown-run.js';
import type { ShutdownTarget } from './shutdown-target.js';

/** A run that was requested and has not started yet. */
export interface RunRequest {
  readonly reason: ShutdownReason;
  readonly options: RunOptions;
  /** Further reasons that arrive before it starts. */
  readonly joining: readonly ShutdownReason[];
}

/** Starts the requested run, or joins the current one. */
export async function startRun(
  target: ShutdownTarget,
  { reason, options, joining }: RunRequest,
): Promise<void> {
  const ended = target.run(reason, options);
  for (const each of joining) void target.run(each);
  await ended;
}
