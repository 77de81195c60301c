import { setImmediate as turn } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { Observable, Subject, concat, defer, of, throwError, timer } from 'rxjs';
import type { ShutdownContext } from '../../lib/plan/task.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { prepareRun } from '../../lib/testing/run-plan.js';

/** Runs one task with what its function returns, to the end of the run. */
async function outcomeOf(returns: (context: ShutdownContext, clock: ManualClock) => unknown) {
  const clock = new ManualClock();
  const { finish, recorder } = prepareRun({
    clock,
    phases: [{ name: 'work', timeout: 100 }],
    tasks: [{ name: 'task', phase: 'work', run: (context) => returns(context, clock) }],
  });
  const report = await finish();
  const task = report.phases[0]?.tasks[0];
  return { outcome: task?.outcome, message: task?.error?.message, ms: task?.durationMs, recorder };
}

describe('an Observable returned by a task', () => {
  test('is subscribed to, and the task ends when it completes', async () => {
    const seen: unknown[] = [];
    const { outcome } = await outcomeOf(() =>
      concat(
        of(1, 2),
        defer(() => {
          seen.push('ran');
          return of(3);
        }),
      ),
    );

    expect({ outcome, seen }).toEqual({ outcome: 'completed', seen: ['ran'] });
  });

  test('is waited for until it completes later', async () => {
    const { outcome, ms } = await outcomeOf(
      (_, clock) => new Observable((subscriber) => void clock.schedule(() => subscriber.complete(), 30)),
    );

    expect({ outcome, ms }).toEqual({ outcome: 'completed', ms: 30 });
  });

  test('is also run if an async function returns it', async () => {
    let subscribed = 0;
    const { outcome } = await outcomeOf(async () => defer(() => of((subscribed += 1))));

    expect({ outcome, subscribed }).toEqual({ outcome: 'completed', subscribed: 1 });
  });

  test('fails the task if it fails', async () => {
    expect(await outcomeOf(() => throwError(() => new Error('no broker')))).toMatchObject({
      outcome: 'failed',
      message: 'no broker',
    });
  });

  test('is unsubscribed from when the task times out', async () => {
    let torn = 0;
    const { outcome, ms } = await outcomeOf(() => new Observable(() => () => (torn += 1)));

    expect({ outcome, ms, torn }).toEqual({ outcome: 'timed-out', ms: 100, torn: 1 });
  });

  test('is reported as settled late if its teardown throws', async () => {
    const { outcome, recorder } = await outcomeOf(
      () =>
        new Observable(() => () => {
          throw new Error('torn');
        }),
    );
    await turn();

    expect(outcome).toBe('timed-out');
    expect(recorder.events.filter(({ type }) => type === 'task-settled-late')).toHaveLength(1);
  });

  test('is recognized by Symbol.observable if it comes from another library', async () => {
    const ran: string[] = [];
    const subscribe = ({ complete }: { complete: () => void }) => {
      ran.push('ran');
      complete();
      return { unsubscribe: () => undefined };
    };

    await outcomeOf(() => ({ '@@observable': () => ({ subscribe }) }));
    expect(ran).toEqual(['ran']);
  });

  test('ends the task immediately if it has already completed', async () => {
    const subject = new Subject<void>();
    subject.complete();

    expect(await outcomeOf(() => subject)).toMatchObject({ outcome: 'completed', ms: 0 });
  });

  test('is not any object with subscribe(), such as the client of a broker', async () => {
    let asked = 0;
    const { outcome } = await outcomeOf(() => ({ subscribe: () => (asked += 1) }));

    expect({ outcome, asked }).toEqual({ outcome: 'completed', asked: 0 });
  });

  test('counts as a plain value if the task returns its subscription', async () => {
    const { outcome, ms } = await outcomeOf(() => timer(5).subscribe());

    expect({ outcome, ms }).toEqual({ outcome: 'completed', ms: 0 });
  });
});

describe('an iterator returned by a task', () => {
  test('runs to its end if it is an async generator', async () => {
    const { outcome, ms } = await outcomeOf(async function* (_, clock) {
      await clock.sleep(10);
      yield 1;
      await clock.sleep(10);
    });

    expect({ outcome, ms }).toEqual({ outcome: 'completed', ms: 20 });
  });

  test('runs to its end if it is a generator, and the yielded promises are awaited', async () => {
    const { outcome, ms } = await outcomeOf(function* (_, clock) {
      yield clock.sleep(10);
      yield clock.sleep(10);
    });

    expect({ outcome, ms }).toEqual({ outcome: 'completed', ms: 20 });
  });

  test('fails the task if a yielded promise rejects', async () => {
    const { outcome, message } = await outcomeOf(function* () {
      yield Promise.reject(new Error('not flushed'));
    });

    expect({ outcome, message }).toEqual({ outcome: 'failed', message: 'not flushed' });
  });

  test('is closed when the task times out, and runs its finally block', async () => {
    const seen: string[] = [];
    let used = new ManualClock();
    const { outcome } = await outcomeOf(async function* (_, clock) {
      used = clock;
      try {
        for (;;) yield await clock.sleep(30);
      } finally {
        seen.push('finally');
      }
    });
    await used.advance(30);

    expect({ outcome, seen }).toEqual({ outcome: 'timed-out', seen: ['finally'] });
  });

  test('is found through Symbol.asyncIterator', async () => {
    const seen: number[] = [];
    const { outcome } = await outcomeOf(() => ({
      async *[Symbol.asyncIterator]() {
        yield seen.push(1);
      },
    }));

    expect({ outcome, seen }).toEqual({ outcome: 'completed', seen: [1] });
  });

  test('is stopped by the timeout if it never ends and never waits', async () => {
    const { outcome } = await outcomeOf(function* (_, clock) {
      for (;;) yield clock.stall(1);
    });

    expect(outcome).toBe('timed-out');
  });
});

describe('a list returned by a task', () => {
  test('is awaited if it contains promises', async () => {
    const { outcome, ms } = await outcomeOf((_, clock) => [clock.sleep(10), clock.sleep(40)]);

    expect({ outcome, ms }).toEqual({ outcome: 'completed', ms: 40 });
  });

  test('fails the task with the failure of one promise, after all have settled', async () => {
    const { outcome, message, ms } = await outcomeOf((_, clock) => [
      Promise.reject(new Error('pool b broke')),
      clock.sleep(40),
    ]);

    expect({ outcome, message, ms }).toEqual({ outcome: 'failed', message: 'pool b broke', ms: 40 });
  });

  test('fails the task with an AggregateError of several failures', async () => {
    const { message } = await outcomeOf(() => [
      Promise.reject(new Error('a')),
      Promise.reject(new Error('b')),
    ]);

    expect(message).toBe('2 of 2 promises were rejected');
  });
});

test.each([
  ['a list of values', () => [1, 2]],
  ['a map', () => new Map([[1, 2]])],
  ['a stream', () => Readable.from(['a'])],
  ['a function', () => () => undefined],
  ['an object without a prototype', () => Object.create(null)],
])('%s returned by a task is not waited for', async (_, make) => {
  expect(await outcomeOf(make)).toMatchObject({ outcome: 'completed', ms: 0 });
});

test('a returned value that is both iterable and thenable, such as a query, is awaited', async () => {
  const asked: string[] = [];
  const query = {
    // oxlint-disable-next-line unicorn/no-thenable
    then: (resolve: (value: number) => void) => {
      asked.push('then');
      resolve(1);
    },
    [Symbol.asyncIterator]: () => asked.push('iterator'),
  };
  await outcomeOf(() => query);

  expect(asked).toEqual(['then']);
});

test('a stream returned by a task is not read', async () => {
  const stream = Readable.from(['a', 'b']);
  await outcomeOf(() => stream);

  expect(stream.readableDidRead).toBe(false);
});
