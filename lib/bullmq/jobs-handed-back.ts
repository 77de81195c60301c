import { warning, type Notice } from '../notice.js';
import { inFlightText } from '../plan/in-flight-text.js';
import { errorText } from '../plan/reason-text.js';
import type { InFlightItem } from '../plan/task.js';

/** What became of a job that did not finish in time. */
export interface ReturnedJob {
  readonly item: InFlightItem;
  /** Why it could not be handed back, if it could not. */
  readonly error?: unknown;
}

/** A worker was closed by force: its jobs wait for another worker, except those that could not be handed back. */
export function jobsHandedBack(queue: string, returned: readonly ReturnedJob[]): Notice {
  const jobs = returned.flatMap(({ item, error }) => (error === undefined ? [item] : []));
  const kept = returned.flatMap(({ item, error }) =>
    error === undefined
      ? []
      : [
          `Not handed back: ${inFlightText([item])}, which runs again when its lock expires (${errorText(error)})`,
        ],
  );
  const sentences = jobs.length > 0 ? [`Handed back to the queue: ${inFlightText(jobs)}`, ...kept] : kept;
  return warning(
    'jobs-handed-back',
    `The worker of '${queue}' was closed by force. ${sentences.join('. ') || 'Its jobs ended meanwhile'}.`,
  );
}
