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
   * For how long a call is tried, from its first attempt on.
   * @default 10 000
   */
  readonly timeout?: number;
  /**
   * The time between two attempts on average; each is spread between half and one and a half of it.
   * @default 100
   */
  readonly delay?: number;
  /**
   * What to make of a connection that closed before the answer. A server that drains has answered every call
   * that it has started before it closes, so the call is tried again; `'fail'` where servers crash more often
   * than they drain, and a call that runs twice does harm.
   * @default 'retry'
   */
  readonly closed?: 'retry' | 'fail';
  /** @default rxjs' asyncScheduler */
  readonly scheduler?: SchedulerLike;
}

/**
 * Tries a call again that was refused and never started: by a server that drains, by one that is gone, or by a
 * connection that closed. For the caller's side, behind `client.send()`. Once a part of the answer has come,
 * nothing is tried again. In the end it fails with the last error.
 *
 * @throws ShutdownConfigurationError where the options are wrong
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

/** What a server that drains answers, and what tells that nobody was reached at all. */
function isRefused(error: unknown): boolean {
  if (!isObject(error)) return false;
  if (memberOf(error, 'status') === 'draining' || memberOf(error, 'code') === 'ECONNREFUSED') return true;
  // A host with several addresses is refused by each of them.
  const errors = memberOf(error, 'errors');
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isRefused);
  // gRPC says UNAVAILABLE also of calls that were cut; these were never sent.
  const details = memberOf(error, 'details');
  return (
    memberOf(error, 'code') === 14 &&
    typeof details === 'string' &&
    /No connection established|ECONNREFUSED/.test(details)
  );
}

/** What Nest's client for TCP says of a call whose connection closed. */
function hasClosed(error: unknown): boolean {
  return error instanceof Error && error.message === 'Connection closed';
}
