import {
  asyncScheduler,
  defer,
  retry,
  tap,
  throwError,
  timer,
  type MonoTypeOperatorFunction,
  type SchedulerLike,
} from 'rxjs';
import { checkKeys, isDuration, isOneOf, type Place } from '../plan/check-setting.js';
import { MistakeList } from '../plan/mistake.js';
import { deadlineAfter } from '../plan/time-budget.js';
import { isObject, memberOf } from '../nest/members.js';

/** The options of `retryRefused()`. All times are in milliseconds. */
export interface RetryOptions {
  /**
   * How long a call is retried, counted from its first attempt.
   * @default 10 000
   */
  readonly timeout?: number;
  /**
   * The average time between two attempts. Each is random, from 0.5 to 1.5 times this.
   * @default 100
   */
  readonly delay?: number;
  /**
   * What to do when the connection closes before the answer. A draining server answers every call that it has
   * started before it closes, so `'retry'` is safe with it. Use `'fail'` where servers crash more often than they
   * drain, and running a call twice does harm.
   * @default 'retry'
   */
  readonly closed?: 'retry' | 'fail';
  /** @default the `asyncScheduler` of rxjs */
  readonly scheduler?: SchedulerLike;
}

/**
 * Retries a call that was refused and never started: by a draining server, by one that is gone, or by a connection
 * that closed. For the calling side, after `client.send()`. Once part of the answer has arrived, it does not retry.
 * If all attempts fail, it fails with the last error.
 *
 * @throws ShutdownConfigurationError if an option is invalid
 *
 * @example
 * ```ts
 * client.send('price', { sku }).pipe(retryRefused({ timeout: 5_000 }));
 * ```
 */
export function retryRefused<T>(options: RetryOptions = {}): MonoTypeOperatorFunction<T> {
  checkOptions(options);
  const { timeout = 10_000, delay = 100, closed = 'retry', scheduler = asyncScheduler } = options;
  return (call) =>
    defer(() => {
      const until = deadlineAfter(scheduler.now(), timeout);
      let status: 'unanswered' | 'answered' = 'unanswered';
      return call.pipe(
        tap(() => {
          status = 'answered';
        }),
        retry({
          delay: (error: unknown) => {
            const isSafe = isRefused(error) || (closed === 'retry' && hasClosed(error));
            const pause = delay * (0.5 + Math.random());
            return isSafe && status === 'unanswered' && deadlineAfter(scheduler.now(), pause) < until
              ? timer(pause, scheduler)
              : throwError(() => error);
          },
        }),
      );
    });
}

function checkOptions(options: RetryOptions): void {
  const mistakes = new MistakeList();
  const at = (key: string): Place => ({ path: `retryRefused().${key}`, mistakes });
  checkKeys(options, ['timeout', 'delay', 'closed', 'scheduler'], { path: 'retryRefused()', mistakes });
  const { timeout, delay, closed } = options;
  if (timeout !== undefined) isDuration(timeout, at('timeout'));
  if (delay !== undefined) isDuration(delay, at('delay'));
  if (closed !== undefined) isOneOf(closed, ['retry', 'fail'], at('closed'));
  mistakes.throwIfAny();
}

/** The error of a draining server, or of a connection that was never established. */
function isRefused(error: unknown): boolean {
  if (!isObject(error)) return false;
  if (memberOf(error, 'status') === 'draining' || memberOf(error, 'code') === 'ECONNREFUSED') return true;
  // A host with several addresses reports one error for each.
  const errors = memberOf(error, 'errors');
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isRefused);
  // gRPC also uses UNAVAILABLE for calls that were cut; these were never sent.
  const details = memberOf(error, 'details');
  return (
    memberOf(error, 'code') === 14 &&
    typeof details === 'string' &&
    /No connection established|ECONNREFUSED/.test(details)
  );
}

/** The error of Nest's TCP client for a call whose connection closed. */
function hasClosed(error: unknown): boolean {
  return error instanceof Error && error.message === 'Connection closed';
}
