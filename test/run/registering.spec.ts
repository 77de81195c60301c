import { MistakeList } from '../../lib/plan/mistake.js';
import { PhaseGraph } from '../../lib/plan/phase-graph.js';
import type { ShutdownTask } from '../../lib/plan/task.js';
import { foldReport } from '../../lib/report/fold-report.js';
import { TaskRegistry } from '../../lib/run/task-registry.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { prepareRun, type RunHarnessOptions } from '../../lib/testing/run-plan.js';
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

const SEQUENTIAL = [{ name: 'work', mode: 'sequential', timeout: 100 }] as const;
const DEPENDENCY = [{ name: 'work', mode: 'dependency', timeout: 100 }] as const;
const [service, repository, pool] = [{}, {}, {}];

/** Creates a task that takes 10 ms of the clock. */
type Timed = (name: string, settings?: Partial<ShutdownTask> & { readonly ms?: number }) => ShutdownTask;

/** A task that is registered 5 ms after the start of the run, and when everything starts then. */
interface Late extends Partial<Pick<RunHarnessOptions, 'phases' | 'injections'>> {
  readonly title: string;
  readonly tasks: (timed: Timed) => readonly ShutdownTask[];
  readonly late: (timed: Timed) => ShutdownTask;
  readonly starts: Readonly<Record<string, number>>;
  /** How long the phase `work` takes, in milliseconds. */
  readonly workMs: number;
}

describe('rule 7: a task that is registered during the run', () => {
  test.each<Late>([
    {
      title: 'runs with its phase if that has not started',
      tasks: (timed) => [timed('slow', { ms: 20 })],
      late: () => instantTask('pool', { phase: 'close' }),
      starts: { slow: 0, pool: 20 },
      workMs: 20,
    },
    {
      title: 'runs with its phase if that is running',
      tasks: (timed) => [timed('slow', { ms: 20 })],
      late: (timed) => timed('socket', { ms: 30 }),
      starts: { slow: 0, socket: 5 },
      workMs: 35,
    },
    {
      title: 'waits for its place in a sequential phase',
      phases: SEQUENTIAL,
      tasks: (timed) => [timed('a'), timed('b', { order: 2 }), timed('c', { order: 4 })],
      late: (timed) => timed('d', { order: 3 }),
      starts: { a: 0, b: 10, d: 20, c: 30 },
      workMs: 40,
    },
    {
      title: 'does not overtake the running task of a sequential phase',
      phases: SEQUENTIAL,
      tasks: (timed) => [timed('a'), timed('b')],
      late: (timed) => timed('first', { order: -1 }),
      starts: { a: 0, first: 10, b: 20 },
      workMs: 30,
    },
    {
      title: 'waits for the running tasks of a parallel phase if it is sequential',
      tasks: (timed) => [timed('a'), timed('b', { ms: 20 })],
      late: (timed) => timed('alone', { mode: 'sequential', order: -1 }),
      starts: { a: 0, b: 0, alone: 20 },
      workMs: 30,
    },
    {
      title: 'waits for a running sequential task of a parallel phase',
      tasks: (timed) => [timed('alone', { mode: 'sequential' })],
      late: (timed) => timed('beside', { order: -1 }),
      starts: { alone: 0, beside: 10 },
      workMs: 20,
    },
    {
      title: 'runs before the providers that its own provider injects',
      phases: DEPENDENCY,
      injections: new Map([
        [service, [repository]],
        [repository, [pool]],
      ]),
      tasks: (timed) => [timed('service', { owner: service }), instantTask('pool', { owner: pool })],
      late: (timed) => timed('repository', { owner: repository }),
      starts: { service: 0, repository: 10, pool: 20 },
      workMs: 20,
    },
    {
      title: 'runs immediately if the providers that its own provider injects are running',
      phases: DEPENDENCY,
      injections: new Map([[service, [pool]]]),
      tasks: (timed) => [timed('pool', { owner: pool })],
      late: (timed) => timed('service', { owner: service }),
      starts: { pool: 0, service: 5 },
      workMs: 15,
    },
    {
      title: 'delays the providers that its own provider injects through a running one',
      phases: DEPENDENCY,
      injections: new Map([
        [service, [repository]],
        [repository, [pool]],
      ]),
      tasks: (timed) => [timed('repository', { owner: repository }), instantTask('pool', { owner: pool })],
      late: (timed) => timed('service', { ms: 20, owner: service }),
      starts: { repository: 0, service: 5, pool: 25 },
      workMs: 25,
    },
  ])('$title', async ({ phases = TWO_PHASES, injections, tasks, late, starts, workMs }) => {
    const clock = new ManualClock();
    const timed: Timed = (name, settings) => timedTask(clock, name, { ms: 10, ...settings });
    const { run, recorder } = prepareRun({
      clock,
      phases,
      tasks: tasks(timed),
      ...(injections === undefined ? {} : { injections }),
    });
    const ended = run.start(REASON);
    await clock.advance(5);
    run.register(late(timed));
    await clock.runUntil(ended);

    expect(startsOf(recorder.events)).toEqual(starts);
    expect(foldReport(recorder.events)?.phases[0]?.durationMs).toBe(workMs);
  });

  test('runs immediately if its phase has ended, and the run waits for it', async () => {
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

  test('runs immediately if its phase has timed out', async () => {
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

  test('keeps the timeout of its phase after that has ended', async () => {
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

  test('times out at the hard deadline after its phase has ended', async () => {
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

  test('counts for the outcome of its phase and of the run after its phase has ended', async () => {
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

  test('is skipped and reported if its phase was skipped', async () => {
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

  test('runs immediately after the end of the run, without changing the outcome of the run', async () => {
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

  test('runs with its phase if a task of that phase registers it', async () => {
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
  /** Runs a dependency phase of three tasks, and registers a fourth one at the first matching event. */
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

  test.each<
    [string, (event: { readonly type: string; readonly task?: string }) => boolean, Record<string, number>]
  >([
    ['the run', ({ type }) => type === 'run-started', { late: 0, service: 0, repository: 10, pool: 20 }],
    ['its phase', ({ type }) => type === 'phase-started', { late: 0, service: 0, repository: 10, pool: 20 }],
    [
      'another task',
      ({ type, task }) => type === 'task-started' && task === 'repository',
      { service: 0, repository: 10, late: 10, pool: 20 },
    ],
  ])('at the start of %s runs with the phase, and keeps the order of the others', async (_, at, starts) => {
    const registered = await registeredAt(at, instantTask('late'));

    expect(registered.starts).toEqual(starts);
    expect(registered.report.phases[0]?.durationMs).toBe(30);
  });

  test('at the end of another task runs with the phase, and keeps the order of the others', async () => {
    const { starts, report } = await registeredAt(
      ({ type, task }) => type === 'task-finished' && task === 'service',
      instantTask('late'),
    );

    expect(starts).toEqual({ service: 0, late: 10, repository: 10, pool: 20 });
    expect(report.phases[0]?.durationMs).toBe(30);
  });

  test('at the end of the last task still runs with the phase', async () => {
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

  test('when its phase is skipped is reported as skipped once', async () => {
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

describe('rule 7: an invalid registration changes nothing', () => {
  test('a duplicate name is rejected', () => {
    const { run } = prepareRun({ phases: TWO_PHASES, tasks: [instantTask('pool')] });

    expect(() => run.register(instantTask('pool'))).toThrow(
      "pool: duplicate task name 'pool': the other task has not ended. Unregister it first, or give this task another name. [SHUTDOWN_DUPLICATE_TASK]",
    );
  });

  test('an unknown task in `after` is rejected', async () => {
    const { run, finish, recorder } = prepareRun({ phases: TWO_PHASES, tasks: [instantTask('pool')] });

    expect(() => run.register(instantTask('cache', { after: ['pol'] }))).toThrow(
      "cache.after[0]: unknown task 'pol'. Did you mean 'pool'? Known: 'pool'. [SHUTDOWN_UNKNOWN_TASK]",
    );
    await finish();
    expect(recorder.started).toEqual(['pool']);
  });

  test('a dependency cycle is rejected', () => {
    const { run } = prepareRun({
      phases: [{ name: 'work', mode: 'dependency', timeout: 100 }],
      tasks: [instantTask('pool', { owner: pool })],
      injections: new Map([[service, [pool]]]),
    });

    expect(() => run.register(instantTask('service', { owner: service, after: ['pool'] }))).toThrow(
      'SHUTDOWN_TASK_CYCLE',
    );
  });

  test('a dependency cycle with tasks that already name it in `after` is rejected', async () => {
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

  test('a dependency cycle is rejected during boot', () => {
    const registry = new TaskRegistry(PhaseGraph.from(TWO_PHASES, new MistakeList()));
    registry.add(instantTask('a', { after: ['b'] }));

    expect(() => registry.add(instantTask('b', { after: ['a'] }))).toThrow('SHUTDOWN_TASK_CYCLE');
  });

  test('a name can be reused after its task has ended', async () => {
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

  test('an `after` with a task that has ended is satisfied', async () => {
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

  test('an `after` with a task that was unregistered or disposed during the run is satisfied', async () => {
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
