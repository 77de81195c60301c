import { MistakeList } from '../../lib/plan/mistake.js';
import { PhaseGraph } from '../../lib/plan/phase-graph.js';
import type { ShutdownTask } from '../../lib/plan/task.js';
import { foldReport } from '../../lib/report/fold-report.js';
import { TaskRegistry } from '../../lib/run/task-registry.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { prepareRun } from '../../lib/testing/run-plan.js';
import { endlessTask, failingTask, instantTask, timedTask } from './timed-task.js';

const REASON = { kind: 'close' } as const;
const TWO_PHASES = [
  { name: 'work', timeout: 100 },
  { name: 'close', timeout: 100 },
];

function startsOf(events: ReturnType<typeof prepareRun>['recorder']['events']) {
  const phases = foldReport(events)?.phases ?? [];
  return Object.fromEntries(phases.flatMap(({ tasks }) => tasks.map(({ name, startMs }) => [name, startMs])));
}

describe('rule 7: a task that is registered during the run', () => {
  test('in a phase that has not started, runs with it', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: TWO_PHASES,
      tasks: [timedTask(clock, 'slow', { ms: 20 })],
    });
    const ended = run.start(REASON);
    await clock.advance(5);
    run.register(instantTask('pool', { phase: 'close' }));
    await clock.runUntil(ended);

    expect(startsOf(recorder.events)).toEqual({ slow: 0, pool: 20 });
  });

  test('in a phase that is open, runs with it', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: TWO_PHASES,
      tasks: [timedTask(clock, 'slow', { ms: 20 })],
    });
    const ended = run.start(REASON);
    await clock.advance(5);
    run.register(timedTask(clock, 'socket', { ms: 30 }));
    await clock.runUntil(ended);

    expect(startsOf(recorder.events)).toEqual({ slow: 0, socket: 5 });
    expect(foldReport(recorder.events)?.phases[0]?.durationMs).toBe(35);
  });

  test('in an open sequential phase, waits for its place', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: [{ name: 'work', mode: 'sequential', timeout: 100 }],
      tasks: [
        timedTask(clock, 'a', { ms: 10 }),
        timedTask(clock, 'b', { ms: 10, order: 2 }),
        timedTask(clock, 'c', { ms: 10, order: 4 }),
      ],
    });
    const ended = run.start(REASON);
    await clock.advance(5);
    run.register(timedTask(clock, 'd', { ms: 10, order: 3 }));
    await clock.runUntil(ended);

    expect(startsOf(recorder.events)).toEqual({ a: 0, b: 10, d: 20, c: 30 });
  });

  test('in an open sequential phase, does not overtake the task that runs', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: [{ name: 'work', mode: 'sequential', timeout: 100 }],
      tasks: [timedTask(clock, 'a', { ms: 10 }), timedTask(clock, 'b', { ms: 10 })],
    });
    const ended = run.start(REASON);
    await clock.advance(5);
    run.register(timedTask(clock, 'first', { ms: 10, order: -1 }));
    await clock.runUntil(ended);

    expect(startsOf(recorder.events)).toEqual({ a: 0, first: 10, b: 20 });
  });

  test('as a sequential task in an open parallel phase, waits for those that run', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: TWO_PHASES,
      tasks: [timedTask(clock, 'a', { ms: 10 }), timedTask(clock, 'b', { ms: 20 })],
    });
    const ended = run.start(REASON);
    await clock.advance(5);
    run.register(timedTask(clock, 'alone', { ms: 10, mode: 'sequential', order: -1 }));
    await clock.runUntil(ended);

    expect(startsOf(recorder.events)).toEqual({ a: 0, b: 0, alone: 20 });
  });

  test('while a sequential task runs in a parallel phase, waits for it', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: TWO_PHASES,
      tasks: [timedTask(clock, 'alone', { ms: 10, mode: 'sequential' })],
    });
    const ended = run.start(REASON);
    await clock.advance(5);
    run.register(timedTask(clock, 'beside', { ms: 10, order: -1 }));
    await clock.runUntil(ended);

    expect(startsOf(recorder.events)).toEqual({ alone: 0, beside: 10 });
  });

  test('in an open dependency phase, runs before the providers that its own injects', async () => {
    const clock = new ManualClock();
    const [service, repository, pool] = [{}, {}, {}];
    const { run, recorder } = prepareRun({
      clock,
      phases: [{ name: 'work', mode: 'dependency', timeout: 100 }],
      tasks: [timedTask(clock, 'service', { ms: 10, owner: service }), instantTask('pool', { owner: pool })],
      injections: new Map([
        [service, [repository]],
        [repository, [pool]],
      ]),
    });
    const ended = run.start(REASON);
    await clock.advance(5);
    run.register(timedTask(clock, 'repository', { ms: 10, owner: repository }));
    await clock.runUntil(ended);

    expect(startsOf(recorder.events)).toEqual({ service: 0, repository: 10, pool: 20 });
  });

  test('in an open dependency phase, starts at once where what it injects runs already', async () => {
    const clock = new ManualClock();
    const [service, pool] = [{}, {}];
    const { run, recorder } = prepareRun({
      clock,
      phases: [{ name: 'work', mode: 'dependency', timeout: 100 }],
      tasks: [timedTask(clock, 'pool', { ms: 10, owner: pool })],
      injections: new Map([[service, [pool]]]),
    });
    const ended = run.start(REASON);
    await clock.advance(5);
    run.register(timedTask(clock, 'service', { ms: 10, owner: service }));
    await clock.runUntil(ended);

    expect(startsOf(recorder.events)).toEqual({ pool: 0, service: 5 });
  });

  test('in an open dependency phase, is waited for by what it injects through one that runs already', async () => {
    const clock = new ManualClock();
    const [service, repository, pool] = [{}, {}, {}];
    const { run, recorder } = prepareRun({
      clock,
      phases: [{ name: 'work', mode: 'dependency', timeout: 100 }],
      tasks: [
        timedTask(clock, 'repository', { ms: 10, owner: repository }),
        instantTask('pool', { owner: pool }),
      ],
      injections: new Map([
        [service, [repository]],
        [repository, [pool]],
      ]),
    });
    const ended = run.start(REASON);
    await clock.advance(5);
    run.register(timedTask(clock, 'service', { ms: 20, owner: service }));
    await clock.runUntil(ended);

    expect(startsOf(recorder.events)).toEqual({ repository: 0, service: 5, pool: 25 });
  });

  test('in a phase that has ended, runs at once, and the run waits for it', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: TWO_PHASES,
      tasks: [timedTask(clock, 'pool', { ms: 20, phase: 'close' })],
    });
    const ended = run.start(REASON);
    await clock.advance(5);
    run.register(timedTask(clock, 'socket', { ms: 50 }));
    await clock.runUntil(ended);

    expect(clock.now()).toBe(55);
    expect(startsOf(recorder.events)).toEqual({ socket: 5, pool: 0 });
    expect(recorder.words.slice(-2)).toEqual(['completed socket', 'completed run']);
    expect(clock.pending).toBe(0);
  });

  test('in a phase whose time is over, runs at once as well', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({ clock, phases: TWO_PHASES, tasks: [endlessTask('hangs')] });
    run.listen((event) => {
      if (event.type === 'task-finished' && event.task === 'hangs') {
        run.register(timedTask(clock, 'socket', { ms: 10 }));
      }
    });
    await clock.runUntil(run.start(REASON));

    expect(startsOf(recorder.events)).toEqual({ hangs: 0, socket: 100 });
  });

  test('in a phase that has ended, still ends at the timeout of that phase', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({ clock, phases: TWO_PHASES, limit: 500 });
    run.listen((event) => {
      if (event.type === 'phase-finished' && event.phase === 'close') run.register(endlessTask('socket'));
    });
    await clock.runUntil(run.start(REASON));

    expect(clock.now()).toBe(100);
    expect(recorder.words.slice(-2)).toEqual(['timed-out socket', 'timed-out run']);
    expect(clock.pending).toBe(0);
  });

  test('in a phase that has ended, still ends at the hard deadline', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: TWO_PHASES,
      tasks: [endlessTask('hangs', { phase: 'close' })],
      limit: 60,
    });
    const ended = run.start(REASON);
    await clock.advance(5);
    run.register(endlessTask('socket'));
    await clock.runUntil(ended);

    expect(clock.now()).toBe(60);
    expect(recorder.words.at(-1)).toBe('timed-out run');
  });

  test('in a phase that has ended, counts for the outcome of the phase and of the run', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: TWO_PHASES,
      tasks: [timedTask(clock, 'pool', { ms: 20, phase: 'close' })],
    });
    const ended = run.start(REASON);
    run.register(failingTask('socket'));

    await expect(clock.runUntil(ended)).resolves.toBe('failed');
    expect(foldReport(recorder.events)?.phases.map(({ outcome }) => outcome)).toEqual([
      'failed',
      'completed',
    ]);
  });

  test('in a phase that was skipped, is skipped and reported', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: [{ name: 'off', timeout: 100, enabled: false }, ...TWO_PHASES],
      tasks: [timedTask(clock, 'slow', { ms: 20 })],
    });
    let calls = 0;
    const ended = run.start(REASON);
    run.register({ name: 'late', phase: 'off', run: () => void (calls += 1) });
    await clock.runUntil(ended);

    expect(calls).toBe(0);
    expect(foldReport(recorder.events)?.phases[0]?.tasks).toEqual([
      { name: 'late', outcome: 'skipped', skippedBecause: 'disabled', startMs: 0, durationMs: 0 },
    ]);
  });

  test('after the finish, runs at once, and its outcome changes nothing of the run', async () => {
    const clock = new ManualClock();
    const { run, recorder, finish } = prepareRun({ clock, phases: TWO_PHASES });
    await finish();
    const registration = run.register(failingTask('socket'));
    await clock.advance(0);

    expect(recorder.words.slice(-3)).toEqual(['completed run', 'start socket', 'failed socket']);
    expect(foldReport(recorder.events)?.outcome).toBe('completed');
    await expect(registration[Symbol.asyncDispose]()).rejects.toThrow('socket broke');
    expect(clock.pending).toBe(0);
  });

  test('by a task of the same phase, runs with it', async () => {
    const { run, recorder, finish } = prepareRun({ phases: TWO_PHASES });
    run.register(instantTask('pool', { run: () => void run.register(instantTask('connection')) }));
    await finish();

    expect(recorder.words.slice(1, 7)).toEqual([
      'start work',
      'start pool',
      'completed pool',
      'start connection',
      'completed connection',
      'end work',
    ]);
  });
});

describe('rule 7: a task that a listener registers', () => {
  const [service, repository, pool] = [{}, {}, {}];

  /** A dependency phase of two, and a third task that is registered at the given event. */
  async function registeredAt(
    at: (event: { readonly type: string; readonly task?: string }) => boolean,
    late: ShutdownTask,
  ) {
    const clock = new ManualClock();
    const { run, recorder, finish } = prepareRun({
      clock,
      phases: [{ name: 'work', mode: 'dependency', timeout: 1_000 }],
      tasks: [
        timedTask(clock, 'service', { ms: 10, owner: service }),
        timedTask(clock, 'repository', { ms: 10, owner: repository }),
        timedTask(clock, 'pool', { ms: 10, owner: pool }),
      ],
      injections: new Map([
        [service, [repository]],
        [repository, [pool]],
      ]),
    });
    let registered = false;
    run.listen((event) => {
      if (registered || !at(event)) return;
      registered = true;
      run.register(late);
    });
    const report = await finish();
    expect(clock.pending).toBe(0);
    return { starts: startsOf(recorder.events), report };
  }

  test('as the phase starts, runs with it, and the order of the others stands', async () => {
    const { starts, report } = await registeredAt(
      ({ type }) => type === 'phase-started',
      instantTask('late'),
    );

    expect(starts).toEqual({ late: 0, service: 0, repository: 10, pool: 20 });
    expect(report.phases[0]?.durationMs).toBe(30);
  });

  test('as a task ends, runs with the phase, and the order of the others stands', async () => {
    const { starts, report } = await registeredAt(
      ({ type, task }) => type === 'task-finished' && task === 'service',
      instantTask('late'),
    );

    expect(starts).toEqual({ service: 0, late: 10, repository: 10, pool: 20 });
    expect(report.phases[0]?.durationMs).toBe(30);
  });

  test('as a task starts, runs with the phase, and the order of the others stands', async () => {
    const { starts } = await registeredAt(
      ({ type, task }) => type === 'task-started' && task === 'repository',
      instantTask('late'),
    );

    expect(starts).toEqual({ service: 0, repository: 10, late: 10, pool: 20 });
  });

  test('as the run starts, runs with its phase', async () => {
    const { starts } = await registeredAt(({ type }) => type === 'run-started', instantTask('late'));

    expect(starts['late']).toBe(0);
  });

  test('as the last task ends, still runs with the phase', async () => {
    const clock = new ManualClock();
    const { run, recorder, finish } = prepareRun({
      clock,
      phases: TWO_PHASES,
      tasks: [timedTask(clock, 'last', { ms: 10 })],
    });
    run.listen((event) => {
      if (event.type === 'task-finished' && event.task === 'last') {
        run.register(timedTask(clock, 'late', { ms: 10 }));
      }
    });
    await finish();

    expect(recorder.words.slice(1, 7)).toEqual([
      'start work',
      'start last',
      'completed last',
      'start late',
      'completed late',
      'end work',
    ]);
  });

  test('as its phase is skipped, is told as skipped once', async () => {
    const { run, recorder, finish } = prepareRun({
      phases: [{ name: 'off', timeout: 100, enabled: false }],
      tasks: [instantTask('early', { phase: 'off' })],
    });
    run.listen((event) => {
      if (event.type === 'phase-skipped') run.register(instantTask('late', { phase: 'off' }));
    });
    await finish();

    expect(recorder.words.filter((word) => word.startsWith('skip '))).toEqual([
      'skip off',
      'skip early',
      'skip late',
    ]);
  });
});

describe('rule 7: a registration is refused before anything is changed', () => {
  test('with a name that is taken', () => {
    const { run } = prepareRun({ phases: TWO_PHASES, tasks: [instantTask('pool')] });

    expect(() => run.register(instantTask('pool'))).toThrow(
      "pool: the name 'pool' is taken by a task that has not ended. Unregister that one first, or give this one another name. [SHUTDOWN_DUPLICATE_TASK]",
    );
  });

  test('with an `after` that no task has', async () => {
    const { run, finish, recorder } = prepareRun({ phases: TWO_PHASES, tasks: [instantTask('pool')] });

    expect(() => run.register(instantTask('cache', { after: ['pol'] }))).toThrow(
      "cache.after[0]: there is no task 'pol'. Did you mean 'pool'? Known: 'pool'. [SHUTDOWN_UNKNOWN_TASK]",
    );
    await finish();
    expect(recorder.started).toEqual(['pool']);
  });

  test('where it would make tasks wait for each other', () => {
    const [service, pool] = [{}, {}];
    const { run } = prepareRun({
      phases: [{ name: 'work', mode: 'dependency', timeout: 100 }],
      tasks: [instantTask('pool', { owner: pool })],
      injections: new Map([[service, [pool]]]),
    });

    expect(() => run.register(instantTask('service', { owner: service, after: ['pool'] }))).toThrow(
      'SHUTDOWN_TASK_CYCLE',
    );
  });

  test('where those that name it in `after` come before it by injection', async () => {
    const [service, pool] = [{}, {}];
    const { run, finish } = prepareRun({
      phases: [{ name: 'work', mode: 'dependency', timeout: 100 }],
      injections: new Map([[service, [pool]]]),
    });
    const first = run.register(instantTask('pool'));
    run.register(instantTask('service', { owner: service, after: ['pool'] }));
    first.unregister();

    expect(() => run.register(instantTask('pool', { owner: pool }))).toThrow('pool → service → pool');
    expect((await finish()).outcome).toBe('completed');
  });

  test('before the boot has ended, where tasks wait for each other by name', () => {
    const registry = new TaskRegistry(PhaseGraph.from(TWO_PHASES, new MistakeList()));
    registry.add(instantTask('a', { after: ['b'] }));

    expect(() => registry.add(instantTask('b', { after: ['a'] }))).toThrow('SHUTDOWN_TASK_CYCLE');
  });

  test('the same task can be registered again once it has ended', async () => {
    const clock = new ManualClock();
    const { run } = prepareRun({
      clock,
      phases: TWO_PHASES,
      tasks: [timedTask(clock, 'slow', { ms: 20, phase: 'close' }), instantTask('socket')],
    });
    const ended = run.start(REASON);

    expect(() => run.register(instantTask('socket'))).not.toThrow();
    await clock.runUntil(ended);
  });

  test('an `after` that names a task of the run that has ended already is fulfilled', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: TWO_PHASES,
      tasks: [instantTask('consumer'), timedTask(clock, 'pool', { ms: 20, phase: 'close' })],
    });
    const ended = run.start(REASON);
    await clock.advance(5);
    run.register(instantTask('channel', { phase: 'close', after: ['consumer'] }));
    await clock.runUntil(ended);

    expect(startsOf(recorder.events)).toEqual({ consumer: 0, pool: 0, channel: 5 });
  });

  test('an `after` that names a task that was unregistered or disposed during the run is fulfilled', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: TWO_PHASES,
      tasks: [timedTask(clock, 'pool', { ms: 20, phase: 'close' })],
    });
    const withdrawn = run.register(instantTask('withdrawn', { phase: 'close', after: ['pool'] }));
    const disposed = run.register(instantTask('disposed', { phase: 'close', after: ['pool'] }));
    const ended = run.start(REASON);
    withdrawn.unregister();
    await disposed[Symbol.asyncDispose]();
    run.register(instantTask('channel', { phase: 'close', after: ['withdrawn', 'disposed'] }));
    await clock.runUntil(ended);

    expect(recorder.started).toContain('channel');
  });
});
