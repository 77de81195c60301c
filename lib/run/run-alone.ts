import type { ShutdownReason } from '../plan/reason.js';
import { deadlineAfter } from '../plan/time-budget.js';
import type { Clock } from './clock.js';
import type { StepQueue } from './step-queue.js';
import type { Claim, Ending, TaskExecution } from './task-execution.js';

/**
 * Runs a task outside the order of its phase, or joins it where it is running: a task that is disposed, or one that is
 * registered when its phase has ended.
 */
export function runAlone(
  execution: TaskExecution,
  {
    by,
    clock,
    steps,
    reason,
    allowedMs,
    latest,
    onClaimed,
    onEnded,
    onListenerError,
  }: {
    readonly by: Claim['by'];
    readonly clock: Clock;
    readonly steps: StepQueue;
    readonly reason: ShutdownReason;
    /** Milliseconds until its time is over. */
    readonly allowedMs: number;
    /** When its time is over at the latest, since time may pass until it starts. */
    readonly latest?: number;
    /** Called before its function: from then on it is too late to withdraw it. */
    readonly onClaimed?: () => void;
    readonly onEnded: (ending: Ending) => void;
    readonly onListenerError?: (error: unknown) => void;
  },
): void {
  const startedAt = clock.now();
  const deadline = deadlineAfter(startedAt, allowedMs, latest);
  const claimed = execution.claim({
    by,
    reason,
    clock,
    startedAt,
    deadline,
    allowedMs,
    timer: 'own',
    onListenerError,
  });
  onClaimed?.();
  execution.whenEnded(onEnded);
  // A task may dispose another one, to any depth.
  if (claimed) steps.later(() => steps.at(execution.depth, () => execution.call()));
}
