import { defer, of, throwError, VirtualTimeScheduler, concat, type Observable } from 'rxjs';
import { retryRefused, type RetryOptions } from '../../lib/microservices/index.js';

/** What a call tells that fails with these errors one after another, and then is answered. */
function called(errors: readonly unknown[], options: RetryOptions = {}) {
  const scheduler = new VirtualTimeScheduler();
  const seen: unknown[] = [];
  const attempts: number[] = [];
  const call: Observable<string> = defer(() => {
    const error = errors[attempts.length];
    attempts.push(scheduler.now());
    return error === undefined ? of('answer') : throwError(() => error);
  });
  call.pipe(retryRefused({ scheduler, ...options })).subscribe({
    next: (value) => seen.push(value),
    error: (error) => seen.push(error),
    complete: () => seen.push('complete'),
  });
  scheduler.flush();
  return { seen, attempts };
}

const DRAINING = { status: 'draining', message: 'The server is draining; the call was not started.' };
const refusedBy = (code: string): Error => Object.assign(new Error(code), { code });
const CLOSED = new Error('Connection closed');

describe('retryRefused() retries a call', () => {
  test.each([
    ['by a server that drains', DRAINING],
    ['by a host without a server', refusedBy('ECONNREFUSED')],
    ['by each address of a host', new AggregateError([refusedBy('ECONNREFUSED'), refusedBy('ECONNREFUSED')])],
    ['by gRPC without a connection', { code: 14, details: 'No connection established. Last error: none' }],
    ['by gRPC at a host without a server', { code: 14, details: 'connect ECONNREFUSED 127.0.0.1:1' }],
    ['by a connection that closed', CLOSED],
  ])('that was refused %s', (_, error) => {
    const { seen, attempts } = called([error, error]);
    expect(seen).toEqual(['answer', 'complete']);
    expect(attempts).toHaveLength(3);
  });

  test('after half to one and a half of the delay', () => {
    const { attempts } = called(
      Array.from({ length: 20 }, () => DRAINING),
      { delay: 200 },
    );
    const pauses = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0));
    expect(pauses).toHaveLength(20);
    for (const pause of pauses) {
      expect(pause).toBeGreaterThanOrEqual(100);
      expect(pause).toBeLessThan(300);
    }
  });

  test('until its timeout, and then fails with the last error', () => {
    const { seen, attempts } = called(
      Array.from({ length: 1_000 }, () => DRAINING),
      { timeout: 1_000, delay: 100 },
    );
    expect(seen).toEqual([DRAINING]);
    expect(attempts.length).toBeGreaterThan(5);
    expect(Math.max(...attempts)).toBeLessThan(1_000);
  });
});

describe('retryRefused() does not retry a call', () => {
  test.each([
    ['the error of a handler', { status: 'error', message: 'Internal server error' }],
    ['a connection that broke', refusedBy('ECONNRESET')],
    [
      'a host with one address that did not answer',
      new AggregateError([refusedBy('ECONNREFUSED'), refusedBy('ETIMEDOUT')]),
    ],
    ['a call of gRPC that was cut', { code: 14, details: 'Connection dropped' }],
    ['a call of gRPC that was cancelled', { code: 1, details: 'Cancelled' }],
    ['an error that is a string', 'draining'],
    ['an error that is null', null],
  ])('after %s', (_, error) => {
    const { seen, attempts } = called([error]);
    expect(seen).toEqual([error]);
    expect(attempts).toHaveLength(1);
  });

  test("after a closed connection with closed: 'fail'", () => {
    expect(called([CLOSED], { closed: 'fail' }).seen).toEqual([CLOSED]);
    expect(called([DRAINING], { closed: 'fail' }).seen).toEqual(['answer', 'complete']);
  });

  test('once part of the answer has arrived', () => {
    const scheduler = new VirtualTimeScheduler();
    const seen: unknown[] = [];
    concat(
      of('part'),
      throwError(() => CLOSED),
    )
      .pipe(retryRefused({ scheduler }))
      .subscribe({ next: (value) => seen.push(value), error: (error) => seen.push(error) });
    scheduler.flush();
    expect(seen).toEqual(['part', CLOSED]);
  });
});

test('each subscription has its own timeout', () => {
  const scheduler = new VirtualTimeScheduler();
  const seen: unknown[] = [];
  const call = throwError(() => DRAINING).pipe(retryRefused({ scheduler, timeout: 500 }));
  const ended: number[] = [];
  const subscribe = (): void => {
    call.subscribe({ error: (error) => (seen.push(error), ended.push(scheduler.now())) });
  };
  subscribe();
  scheduler.schedule(subscribe, 2_000);
  scheduler.flush();
  expect(seen).toEqual([DRAINING, DRAINING]);
  expect(ended[1]).toBeGreaterThan(2_000);
});

test.each([
  [{ timeout: -1 }, 'retryRefused().timeout'],
  [{ delay: Number.NaN }, 'retryRefused().delay'],
  [{ closed: 'maybe' }, 'retryRefused().closed'],
  [{ retries: 3 }, 'retryRefused().retries'],
])('retryRefused() rejects the options %j at once', (options, path) => {
  expect(() => retryRefused(options as never)).toThrow(path);
});
