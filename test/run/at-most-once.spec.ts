import { ShutdownTimeoutError } from '../../lib/run/errors.js';
import { foldReport } from '../../lib/report/fold-report.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { prepareRun } from '../../lib/testing/run-plan.js';
import { failingTask, instantTask, timedTask } from './timed-task.js';

const REASON = { kind: 'close' } as const;

/** A run with one registered task that takes 10 ms and counts its calls. */
function registered({ ms = 10, failure = undefined as Error | undefined, timeout = 50 } = {}) {
  const clock = new ManualClock(1_000_000);
  const reasons: string[] = [];
  const harness = prepareRun({
    clock,
    phases: [
      { name: 'early', timeout: 100 },
      { name: 'work', timeout: 100 },
    ],
  });
  const registration = harness.run.register({
    name: 'socket',
    phase: 'work',
    timeout,
    run: async ({ reason }) => {
      reasons.push(reason.kind);
      await clock.sleep(ms);
      if (failure) throw failure;
    },
  });
  return { ...harness, registration, reasons };
}

describe('rule 2: a task runs at most once', () => {
  test('disposed before the run: the run has nothing left to do', async () => {
    const { registration, clock, finish, reasons, recorder } = registered();
    await clock.runUntil(registration[Symbol.asyncDispose]());
    await finish();

    expect(reasons).toEqual(['dispose']);
    expect(recorder.started).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('disposed and still running: the run joins it and waits for it', async () => {
    const { registration, clock, run, reasons, recorder } = registered();
    const disposed = registration[Symbol.asyncDispose]();
    await clock.advance(4);
    const ended = run.start(REASON);
    await clock.runUntil(Promise.all([ended, disposed]));
    const report = foldReport(recorder.events);

    expect(reasons).toEqual(['dispose']);
    expect(report?.phases[1]?.tasks).toEqual([
      { name: 'socket', outcome: 'completed', startMs: 0, durationMs: 6 },
    ]);
    expect(clock.pending).toBe(0);
  });

  test('disposed during its call by the run: the dispose waits for the same call', async () => {
    const { registration, clock, run, reasons } = registered();
    const ended = run.start(REASON);
    await clock.advance(5);
    const disposed = registration[Symbol.asyncDispose]();
    await clock.runUntil(disposed);

    expect(clock.now()).toBe(1_000_010);
    await clock.runUntil(ended);
    expect(reasons).toEqual(['close']);
    expect(clock.pending).toBe(0);
  });

  test('disposed twice: both wait for the one call', async () => {
    const { registration, clock, reasons } = registered();
    await clock.runUntil(
      Promise.all([registration[Symbol.asyncDispose](), registration[Symbol.asyncDispose]()]),
    );
    await registration[Symbol.asyncDispose]();

    expect(reasons).toEqual(['dispose']);
  });

  test('disposed after the run: the dispose settles like the call', async () => {
    const failure = new Error('socket broke');
    const { registration, finish, reasons } = registered({ failure });
    await finish(REASON);

    await expect(registration[Symbol.asyncDispose]()).rejects.toBe(failure);
    expect(reasons).toEqual(['close']);
  });

  test('disposed after its phase was skipped: it runs', async () => {
    const { run, finish } = prepareRun({
      phases: [
        { name: 'early', timeout: 10, onFailure: 'abort' },
        { name: 'work', timeout: 10 },
      ],
      tasks: [failingTask('breaker', { phase: 'early' })],
    });
    let calls = 0;
    const skipped = run.register({ name: 'file', phase: 'work', run: () => void (calls += 1) });
    await finish();
    expect(calls).toBe(0);
    await skipped[Symbol.asyncDispose]();
    await skipped[Symbol.asyncDispose]();

    expect(calls).toBe(1);
  });

  test('disposed while it is queued: it is not called a second time', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: [{ name: 'work', mode: 'sequential', timeout: 100 }],
      tasks: [timedTask(clock, 'slow', { ms: 20 })],
    });
    let calls = 0;
    const registration = run.register({ name: 'quick', phase: 'work', run: () => void (calls += 1) });
    const last = run.register(instantTask('last'));
    const ended = run.start(REASON);
    await registration[Symbol.asyncDispose]();
    expect(calls).toBe(1);
    await clock.runUntil(ended);

    expect(calls).toBe(1);
    expect(recorder.started).toEqual(['slow', last.name]);
  });

  test('disposed and too slow: the dispose rejects with a ShutdownTimeoutError', async () => {
    const { registration, clock } = registered({ ms: 1_000, timeout: 30 });

    await expect(clock.runUntil(registration[Symbol.asyncDispose]())).rejects.toBeInstanceOf(
      ShutdownTimeoutError,
    );
    expect(clock.now()).toBe(1_000_030);
  });

  test('disposed by a listener of its start: it is called once', async () => {
    const { registration, clock, run, reasons } = registered();
    run.listen((event) => {
      if (event.type === 'task-started') void registration[Symbol.asyncDispose]();
    });
    await clock.runUntil(run.start(REASON));

    expect(reasons).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });
});

describe('a registration', () => {
  test('`await using` runs the task at the end of its block', async () => {
    const { run } = prepareRun({ phases: [{ name: 'work', timeout: 10 }] });
    const order: string[] = [];
    {
      await using registration = run.register({
        name: 'file',
        phase: 'work',
        run: async () => void order.push('closed'),
      });
      order.push(`${registration.name} in use`);
    }
    order.push('after the block');

    expect(order).toEqual(['file in use', 'closed', 'after the block']);
  });

  test('`using` removes the task at the end of its block, without running it', async () => {
    const { run, finish } = prepareRun({ phases: [{ name: 'work', timeout: 10 }] });
    let calls = 0;
    {
      using registration = run.register({ name: 'file', phase: 'work', run: () => void (calls += 1) });
      expect(registration.name).toBe('file');
    }
    const report = await finish();

    expect(calls).toBe(0);
    expect(report.phases[0]?.tasks).toEqual([]);
  });

  test('unregister() removes the task, once', async () => {
    const { run, finish, recorder } = prepareRun({ phases: [{ name: 'work', timeout: 10 }] });
    const registration = run.register(instantTask('file'));

    expect(registration.unregister()).toBe(true);
    expect(registration.unregister()).toBe(false);
    await finish();
    expect(recorder.started).toEqual([]);
  });

  test('unregister() frees the name of the task', () => {
    const { run } = prepareRun({ phases: [{ name: 'work', timeout: 10 }] });
    run.register(instantTask('file')).unregister();

    expect(() => run.register(instantTask('file'))).not.toThrow();
    expect(() => run.register(instantTask('file'))).toThrow('SHUTDOWN_DUPLICATE_TASK');
  });

  test('a dispose frees the name of the task', async () => {
    const { run } = prepareRun({ phases: [{ name: 'work', timeout: 10 }] });
    await run.register(instantTask('file'))[Symbol.asyncDispose]();

    expect(() => run.register(instantTask('file'))).not.toThrow();
  });

  test('a dispose after unregister() resolves without running the task', async () => {
    const { run } = prepareRun({ phases: [{ name: 'work', timeout: 10 }] });
    let calls = 0;
    const registration = run.register({ name: 'file', phase: 'work', run: () => void (calls += 1) });
    registration.unregister();
    await registration[Symbol.asyncDispose]();

    expect(calls).toBe(0);
  });

  test('unregister() of a queued task lets the tasks behind it run', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: [{ name: 'work', mode: 'sequential', timeout: 100 }],
      tasks: [timedTask(clock, 'slow', { ms: 20 })],
    });
    const registration = run.register(instantTask('middle'));
    run.register(instantTask('last', { after: ['middle'] }));
    const ended = run.start(REASON);
    expect(registration.unregister()).toBe(true);
    await clock.runUntil(ended);

    expect(recorder.started).toEqual(['slow', 'last']);
  });

  test('unregister() returns false once the task has started', async () => {
    const { registration, clock, run } = registered();
    const ended = run.start(REASON);

    expect(registration.unregister()).toBe(false);
    await expect(clock.runUntil(ended)).resolves.toBe('completed');
  });

  test('unregister() returns false in a listener of the start', async () => {
    const { registration, clock, run, recorder, reasons } = registered();
    const answers: boolean[] = [];
    run.listen((event) => {
      if (event.type === 'task-started') answers.push(registration.unregister());
    });

    await expect(clock.runUntil(run.start(REASON))).resolves.toBe('completed');
    expect(answers).toEqual([false]);
    expect(reasons).toEqual(['close']);
    expect(recorder.words).toContain('completed socket');
    expect(clock.pending).toBe(0);
  });
});
