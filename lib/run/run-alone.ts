import type { ShutdownReason } from '../plan/reason.js';
import { deadlineAfter, timeLeft } from '../plan/time-budget.js';
import type { Clock } from './clock.js';
import { ShutdownTimeoutError } from './errors.js';
import { whenOver } from './expiry.js';
import type { StepQueue } from './step-queue.js';
import { TaskContext } from './task-context.js';
import type { Ending, TaskExecution } from './task-execution.js';

/**
 * Runs a task outside the order of its phase, or joins it where it runs already: for one that is disposed,
 * and for one that is registered when its phase has ended.
 *
 * @param allowedMs milliseconds until its time is over
 */
export function runAlone(
  execution: TaskExecution,
  {
    clock,
    steps,
    reason,
    allowedMs,
    latest = Infinity,
    onClaimed,
    onEnded,
    onListenerError,
  }: {
    readonly clock: Clock;
    readonly steps: StepQueue;
    readonly reason: ShutdownReason;
    readonly allowedMs: number;
    /** When its time is over at the latest: time passes until it starts. */
    readonly latest?: number;
    /** Called before its function: from then on it is too late to withdraw it. */
    readonly onClaimed?: () => void;
    readonly onEnded: (ending: Ending) => void;
    readonly onListenerError?: (error: unknown) => void;
  },
): void {
  const { task, phase } = execution;
  const now = clock.now();
  const until = deadlineAfter(now, allowedMs, latest);
  const claimed = execution.claim(new TaskContext(reason, phase, { clock, until, onListenerError }));
  onClaimed?.();
  const timer = whenOver(
    clock,
    () => execution.expire(new ShutdownTimeoutError(task.name, phase, allowedMs)),
    timeLeft(until, now),
  );
  execution.whenEnded((ending) => {
    timer.cancel();
    onEnded(ending);
  });
  // A task may dispose another one, to any depth.
  if (claimed) steps.later(() => steps.at(execution.depth, () => execution.call()));
}
