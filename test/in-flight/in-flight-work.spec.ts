import { Subject, firstValueFrom, of, throwError, type Observable } from 'rxjs';
import { InFlightWork, ShutdownInProgressError } from '../../lib/index.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { bootApplication, taskReport, type BootedApplication } from '../nest/application.js';

/** A promise that the test settles. */
function deferred<T = void>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

async function bootWork(): Promise<BootedApplication & { readonly work: InFlightWork }> {
  const application = await bootApplication({});
  return { ...application, work: application.module.get(InFlightWork) };
}

describe('work in flight', () => {
  test('is counted while a tracked promise is pending, and track() returns that promise', async () => {
    const { work } = await bootWork();
    const { promise, resolve } = deferred<number>();
    expect(work.track(promise, 'charge card')).toBe(promise);
    expect(work.count).toBe(1);
    resolve(7);
    expect(await promise).toBe(7);
    expect(work.count).toBe(0);
  });

  test('ends when a tracked promise rejects, and its owner gets the rejection', async () => {
    const { work } = await bootWork();
    const { promise, reject } = deferred();
    const tracked = work.track(promise, 'charge card');
    reject(new Error('no funds'));
    await expect(tracked).rejects.toThrow('no funds');
    expect(work.count).toBe(0);
  });

  test('is counted while a function runs, and run() returns its result', async () => {
    const { work } = await bootWork();
    const counts: number[] = [];
    const answer = await work.run('charge card', async () => {
      counts.push(work.count);
      await Promise.resolve();
      counts.push(work.count);
      return 'charged';
    });
    expect(answer).toBe('charged');
    expect(counts).toEqual([1, 1]);
    expect(work.count).toBe(0);
  });

  test('is counted for a function that returns no promise', async () => {
    const { work } = await bootWork();
    expect(await work.run('count', () => work.count)).toBe(1);
    expect(work.count).toBe(0);
  });

  test.each<[string, () => never]>([
    [
      'throws',
      () => {
        throw new Error('no funds');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no funds')) as never],
  ])('ends when the function %s, and the caller gets the error', async (_, fn) => {
    const { work } = await bootWork();
    await expect(work.run('charge card', fn)).rejects.toThrow('no funds');
    expect(work.count).toBe(0);
  });

  test('ends when the function returned by begin() is called, however often', async () => {
    const { work } = await bootWork();
    const first = work.begin('a');
    const second = work.begin('b');
    first();
    first();
    expect(work.count).toBe(1);
    second();
    expect(work.count).toBe(0);
  });

  test('is listed by name and age, oldest first', async () => {
    const { work, clock } = await bootWork();
    work.begin('upload');
    await clock.advance(300);
    const done = work.begin('charge card');
    await clock.advance(50);
    expect(work.items).toEqual([
      { name: 'upload', ageMs: 350 },
      { name: 'charge card', ageMs: 50 },
    ]);
    done();
    expect(work.items).toEqual([{ name: 'upload', ageMs: 350 }]);
  });

  test('can share one name', async () => {
    const { work } = await bootWork();
    const done = work.begin('upload');
    work.begin('upload');
    done();
    expect(work.items).toEqual([{ name: 'upload', ageMs: 0 }]);
  });
});

describe('a followed function', () => {
  test('is in flight until its promise settles', async () => {
    const { work } = await bootWork();
    const { promise, resolve } = deferred<string>();
    const followed = work.follow('charge card', () => promise);
    expect(followed).toBe(promise);
    expect(work.count).toBe(1);
    resolve('charged');
    await promise;
    expect(work.count).toBe(0);
  });

  test('is in flight until its thenable settles', async () => {
    const { work } = await bootWork();
    const callbacks: (() => void)[] = [];
    const query = {};
    Reflect.set(query, 'then', (done: () => void) => void callbacks.push(done));
    work.follow('query', () => query);
    expect(work.count).toBe(1);
    for (const done of callbacks) done();
    expect(work.count).toBe(0);
  });

  test('ends when it returns anything else', async () => {
    const { work } = await bootWork();
    expect(work.follow('sum', () => work.count)).toBe(1);
    expect(work.count).toBe(0);
  });

  test('ends when it throws', async () => {
    const { work } = await bootWork();
    expect(() =>
      work.follow('sum', () => {
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(work.count).toBe(0);
  });

  test('is in flight once per subscription to its Observable, until that ends', async () => {
    const { work } = await bootWork();
    const subject = new Subject<number>();
    const followed = work.follow('stream', () => subject) as Observable<number>;
    expect(work.count).toBe(0);
    const seen: number[] = [];
    const first = followed.subscribe((value) => seen.push(value));
    followed.subscribe((value) => seen.push(value * 10));
    expect(work.count).toBe(2);
    subject.next(1);
    expect(seen).toEqual([1, 10]);
    first.unsubscribe();
    expect(work.count).toBe(1);
    subject.complete();
    expect(work.count).toBe(0);
  });

  test('ends when its Observable fails, and the subscriber gets the error', async () => {
    const { work } = await bootWork();
    const followed = work.follow('stream', () => throwError(() => new Error('no'))) as Observable<never>;
    await expect(firstValueFrom(followed)).rejects.toThrow('no');
    expect(work.count).toBe(0);
  });

  test('ends when its Observable completes at once', async () => {
    const { work } = await bootWork();
    const followed = work.follow('stream', () => of(1, 2)) as Observable<number>;
    expect(await firstValueFrom(followed)).toBe(1);
    expect(work.count).toBe(0);
  });
});

describe('the drain of work in flight', () => {
  test('ends at once if nothing is in flight', async () => {
    const { finish } = await bootWork();
    expect(taskReport(await finish(), 'InFlightWork')).toEqual({
      name: 'InFlightWork',
      outcome: 'completed',
      startMs: 0,
      durationMs: 0,
    });
  });

  test('waits until the last piece of work ends', async () => {
    const { work, clock, shutdown } = await bootWork();
    const upload = work.begin('upload');
    const card = work.begin('charge card');
    const ended = shutdown.run('a test');
    await clock.advance(1_000);
    card();
    await clock.advance(1_000);
    expect(shutdown.state.status).toBe('running');
    expect(work.items).toEqual([{ name: 'upload', ageMs: 2_000 }]);
    upload();
    const { phases, outcome } = await ended;
    expect(outcome).toBe('completed');
    expect(phases.find(({ name }) => name === 'drain')).toMatchObject({ durationMs: 2_000 });
  });

  test('accepts new work while it runs, and waits for it too', async () => {
    const { work, clock, shutdown } = await bootWork();
    const upload = work.begin('upload');
    const ended = shutdown.run('a test');
    await clock.advance(100);
    const { promise, resolve } = deferred();
    const thumbnail = work.track(promise, 'thumbnail');
    upload();
    await clock.advance(100);
    expect(shutdown.state.status).toBe('running');
    resolve();
    await thumbnail;
    expect((await ended).durationMs).toBe(200);
  });

  test('accepts work in the phases before it', async () => {
    const { work, clock, shutdown } = await bootWork();
    const announcing = deferred();
    shutdown.register({ name: 'announce', phase: 'unready', run: () => announcing.promise });
    const ended = shutdown.run('a test');
    const done = work.begin('late request');
    announcing.resolve();
    await clock.advance(500);
    expect(work.count).toBe(1);
    done();
    expect((await ended).outcome).toBe('completed');
  });

  test('refuses work once it has ended, without calling the function', async () => {
    const { work, finish } = await bootWork();
    await finish();
    const calls: string[] = [];
    const message = "'late' was refused: the app is shutting down, and its drain has ended.";
    const refusal = { name: 'ShutdownInProgressError', code: 'SHUTDOWN_IN_PROGRESS', work: 'late', message };

    await expect(work.run('late', () => calls.push('run'))).rejects.toMatchObject(refusal);
    expect(() => work.begin('late')).toThrow(ShutdownInProgressError);
    expect(() => work.follow('late', () => calls.push('follow'))).toThrow(message);
    expect(() => work.track(Promise.resolve(), 'late')).toThrow(message);
    expect(calls).toEqual([]);
    expect(work.count).toBe(0);
  });

  test('refuses a subscription once it has ended, with an error on the stream', async () => {
    const { work, finish } = await bootWork();
    const stream = work.follow('stream', () => of(1)) as Observable<number>;
    await finish();
    await expect(firstValueFrom(stream)).rejects.toThrow(ShutdownInProgressError);
  });

  test('refuses work in the phases after it', async () => {
    const { work, shutdown, finish } = await bootWork();
    const errors: unknown[] = [];
    shutdown.register({
      name: 'late',
      phase: 'flush',
      run: () => work.run('flush', () => undefined).catch((error: unknown) => errors.push(error)),
    });
    await finish();
    expect(errors).toEqual([expect.any(ShutdownInProgressError)]);
  });

  test('times out with its phase, and the report names what was in flight', async () => {
    const { work, clock, finish, recorder } = await bootWork();
    work.begin('upload');
    await clock.advance(500);
    const card = work.begin('charge card');
    const report = await finish();
    expect(report.outcome).toBe('timed-out');
    expect(taskReport(report, 'InFlightWork')).toMatchObject({
      outcome: 'timed-out',
      durationMs: 15_000,
      inFlight: [
        { name: 'upload', ageMs: 15_500 },
        { name: 'charge card', ageMs: 15_000 },
      ],
    });
    expect(() => work.begin('late')).toThrow(ShutdownInProgressError);
    expect(recorder.words.at(-1)).toBe('timed-out run');
    card();
    expect(work.items).toEqual([{ name: 'upload', ageMs: 15_500 }]);
    expect(() => work.begin('late')).toThrow(ShutdownInProgressError);
  });

  test('records when the rest finishes late', async () => {
    const { work, clock, finish, shutdown, log } = await bootWork();
    const upload = work.begin('upload');
    expect(taskReport(await finish(), 'InFlightWork')).not.toHaveProperty('settledLateMs');
    await clock.advance(1_200);
    upload();
    await clock.advance(0);
    expect(taskReport(shutdown.report, 'InFlightWork')).toMatchObject({
      outcome: 'timed-out',
      settledLateMs: 1_200,
    });
    expect(log.warnings.at(-1)).toBe("'InFlightWork' completed 1 200 ms after its timeout.");
  });

  test('names what is in flight while it waits', async () => {
    const { work, clock, shutdown, log } = await bootWork();
    const done = work.begin('upload');
    const ended = shutdown.run('a test');
    await clock.advance(5_000);
    expect(log.warnings).toEqual([
      "After 5.0 s still waiting for 'InFlightWork' in 'drain', 5.0 s of 15.0 s (upload 5.0 s).",
    ]);
    done();
    await ended;
  });

  test('runs in the phase named by its option', async () => {
    const { shutdown } = await bootApplication({ shutdown: { inFlight: { phase: 'flush' } } });
    const flush = shutdown.plan().phases.find(({ name }) => name === 'flush');
    expect(flush?.tasks.map(({ name }) => name)).toContain('InFlightWork');
  });

  test('accepts work if the run starts at a later phase', async () => {
    const { work, shutdown, clock } = await bootWork();
    work.begin('upload');
    const { outcome } = await clock.runUntil(shutdown.run('a test', { from: 'close' }));
    expect(outcome).toBe('completed');
    expect(work.count).toBe(1);
  });

  test('concerns one app only', async () => {
    const first = await bootWork();
    const second = await bootWork();
    first.work.begin('upload');
    expect(second.work.count).toBe(0);
    await second.finish();
    expect(() => first.work.begin('another')).not.toThrow();
  });

  test("uses the app's clock", () => {
    const clock = new ManualClock(5);
    const work = new InFlightWork(clock);
    work.begin('a');
    expect(work.items).toEqual([{ name: 'a', ageMs: 0 }]);
  });
});

test('a request whose work is refused gets a 503 that does not name the work', () => {
  const error = new ShutdownInProgressError('charge card');
  expect(error.getStatus()).toBe(503);
  expect(JSON.stringify(error.getResponse())).not.toContain('charge card');
  expect(error.message).toContain("'charge card' was refused");
});

test('work that another task of the drain brings is accepted and waited for', async () => {
  const { work, clock, shutdown, finish } = await bootWork();
  shutdown.register({
    name: 'requests',
    phase: 'drain',
    run: async () => {
      await clock.sleep(100);
      // A request that was in flight begins what it needs, though nothing was tracked up to now.
      void work.run('receipt', () => clock.sleep(200));
    },
  });
  const report = await finish();
  expect(taskReport(report, 'InFlightWork')).toMatchObject({ outcome: 'completed', durationMs: 0 });
  expect(taskReport(report, 'InFlightWork #2')).toMatchObject({ startMs: 100, durationMs: 200 });
  expect(work.count).toBe(0);
});

test('work that keeps coming is waited for by one further task', async () => {
  const { work, clock, shutdown, finish } = await bootWork();
  shutdown.register({
    name: 'requests',
    phase: 'drain',
    run: async () => {
      for (let request = 0; request < 5; request += 1) {
        await clock.sleep(100);
        await work.run('receipt', () => clock.sleep(10));
      }
    },
  });
  const report = await finish();
  const names = report.phases.flatMap(({ tasks }) => tasks.map(({ name }) => name));
  expect(names.filter((name) => name.startsWith('InFlightWork'))).toEqual([
    'InFlightWork',
    'InFlightWork #2',
  ]);
  expect(() => work.begin('late')).toThrow(ShutdownInProgressError);
});

test.each(['InFlightWorker.stop', 'InFlightWorkshop', 'InFlightWork #mail'])(
  'a user task named %s is waited for like any other task of the phase that may bring work',
  async (name) => {
    const { work, clock, shutdown, finish } = await bootWork();
    shutdown.register({
      name,
      phase: 'drain',
      run: async () => {
        for (let job = 0; job < 3; job += 1) {
          await clock.sleep(100);
          await work.run('job', () => clock.sleep(10));
        }
      },
    });
    const report = await finish();
    const names = report.phases.flatMap((phase) => phase.tasks.map((task) => task.name));
    expect(names.filter((each) => each.startsWith('InFlightWork') && each !== name)).toEqual([
      'InFlightWork',
      'InFlightWork #2',
    ]);
  },
);
