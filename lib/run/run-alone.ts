import type { ShutdownReason } from '../plan/reason.js';
import { deadlineAfter } from '../plan/time-budget.js';
import type { Clock } from './clock.js';
import type { StepQueue } from './step-queue.js';
import type { Claim, Ending, TaskExecution } from './task-execution.js';

/**
 * Runs a task outside the order of its phase, or joins it if it is running: for a task that is disposed, and for one
 * that is registered after its phase has ended.
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
    /** The timeout in milliseconds. */
    readonly allowedMs: number;
    /** The latest deadline: time may pass between the registration and the start. */
    readonly latest?: number;
    /** Called before the function of the task. From then on the task cannot be withdrawn. */
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
  // In a step of its own: tasks may dispose each other, to any depth.
  if (claimed) steps.later(() => steps.at(execution.depth, () => execution.call()));
}
