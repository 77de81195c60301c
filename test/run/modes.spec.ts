import type { ShutdownTask } from '../../lib/plan/task.js';
import type { Mode } from '../../lib/plan/phase.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { runPlan, type RunHarnessOptions } from '../../lib/testing/run-plan.js';
import { instantTask, timedTask } from './timed-task.js';

/** When each task starts in a phase whose tasks take 10 ms each. */
async function startTimes(
  mode: Mode,
  settings: readonly Partial<ShutdownTask>[],
  injections: ReadonlyMap<object, readonly object[]> = new Map(),
) {
  const clock = new ManualClock();
  const tasks = settings.map((each, index) =>
    timedTask(clock, each.name ?? String.fromCharCode(97 + index), { ms: 10, ...each }),
  );
  const phases = [{ name: 'work', mode, timeout: 1_000 }];
  const { report } = await runPlan({ clock, phases, tasks, injections });
  const started = report.phases[0]?.tasks ?? [];
  return Object.fromEntries(started.map(({ name, startMs }) => [name, startMs]));
}

describe('rule 4: mode `parallel`', () => {
  test('starts all tasks at once, regardless of `order`', async () => {
    expect(await startTimes('parallel', [{ order: 5 }, {}, { order: -5 }])).toEqual({ a: 0, b: 0, c: 0 });
  });
});

describe('rule 4: mode `sequential`', () => {
  test('runs one task at a time, in the order of discovery', async () => {
    expect(await startTimes('sequential', [{}, {}, {}])).toEqual({ a: 0, b: 10, c: 20 });
  });

  test('sorts by `order`, then by discovery', async () => {
    expect(await startTimes('sequential', [{ order: 1 }, {}, { order: -1 }, {}])).toEqual({
      c: 0,
      b: 10,
      d: 20,
      a: 30,
    });
  });
});

describe('rule 4: mode `dependency`', () => {
  const service = { is: 'service' };
  const repository = { is: 'repository' };
  const pool = { is: 'pool' };
  const cache = { is: 'cache' };

  test('closes a provider before the providers that it injects', async () => {
    const injections = new Map([
      [pool, []],
      [repository, [pool]],
      [service, [repository]],
    ]);

    expect(
      await startTimes(
        'dependency',
        [{ owner: pool }, { owner: repository }, { owner: service }],
        injections,
      ),
    ).toEqual({ c: 0, b: 10, a: 20 });
  });

  test('closes independent providers in parallel', async () => {
    const injections = new Map([[service, [pool, cache]]]);

    expect(
      await startTimes('dependency', [{ owner: pool }, { owner: cache }, { owner: service }, {}], injections),
    ).toEqual({ c: 0, d: 0, a: 10, b: 10 });
  });

  test('waits through providers without a task', async () => {
    const injections = new Map([
      [service, [repository]],
      [repository, [pool]],
    ]);

    expect(await startTimes('dependency', [{ owner: pool }, { owner: service }], injections)).toEqual({
      b: 0,
      a: 10,
    });
  });

  test('waits for all tasks of all injecting providers', async () => {
    const injections = new Map([
      [service, [pool]],
      [cache, [pool]],
    ]);
    const tasks = [{ owner: pool }, { owner: service }, { owner: service, after: ['b'] }, { owner: cache }];

    expect(await startTimes('dependency', tasks, injections)).toEqual({ b: 0, d: 0, c: 10, a: 20 });
  });

  test('closes providers that inject each other in parallel, after their injectors', async () => {
    const injections = new Map([
      [service, [repository]],
      [repository, [cache]],
      [cache, [repository, pool]],
    ]);
    const tasks = [{ owner: pool }, { owner: cache }, { owner: repository }, { owner: service }];

    expect(await startTimes('dependency', tasks, injections)).toEqual({ d: 0, b: 10, c: 10, a: 20 });
  });

  test('ignores injection in the other modes', async () => {
    const injections = new Map([[service, [pool]]]);
    const tasks = [{ owner: pool }, { owner: service }];

    expect(await startTimes('parallel', tasks, injections)).toEqual({ a: 0, b: 0 });
    expect(await startTimes('sequential', tasks, injections)).toEqual({ a: 0, b: 10 });
  });

  test('does not wait for tasks of other phases', async () => {
    const { recorder } = await runPlan({
      phases: [
        { name: 'flush', mode: 'dependency', timeout: 100 },
        { name: 'close', mode: 'dependency', timeout: 100 },
      ],
      tasks: [
        instantTask('pool', { phase: 'flush', owner: pool }),
        instantTask('service', { phase: 'close', owner: service }),
      ],
      injections: new Map([[service, [pool]]]),
    });

    expect(recorder.started).toEqual(['pool', 'service']);
  });
});

describe('rule 4: the mode of a task', () => {
  test('lets a sequential task in a parallel phase run alone, at its `order`', async () => {
    const tasks = [
      { order: 1 },
      { order: 1 },
      { order: 2, mode: 'sequential' as const },
      { order: 3 },
      { order: 3 },
    ];

    expect(await startTimes('parallel', tasks)).toEqual({ a: 0, b: 0, c: 10, d: 20, e: 20 });
  });

  test('lets a sequential task without `order` run at its place of discovery', async () => {
    expect(await startTimes('parallel', [{}, { mode: 'sequential' }, {}])).toEqual({ a: 0, b: 10, c: 20 });
  });

  test('lets consecutive parallel tasks in a sequential phase run in parallel', async () => {
    expect(
      await startTimes('sequential', [
        {},
        { mode: 'parallel' },
        { mode: 'parallel' },
        {},
        { mode: 'parallel' },
      ]),
    ).toEqual({ a: 0, b: 10, c: 10, d: 20, e: 30 });
  });

  test('lets a dependency task in a parallel phase wait for injecting dependency tasks', async () => {
    const pool = {};
    const service = {};
    const tasks = [
      { owner: pool, mode: 'dependency' as const },
      { owner: service, mode: 'dependency' as const },
      { owner: pool },
    ];

    expect(await startTimes('parallel', tasks, new Map([[service, [pool]]]))).toEqual({ b: 0, c: 0, a: 10 });
  });

  test('lets a sequential task in a dependency phase run alone', async () => {
    const pool = {};
    const service = {};
    const tasks = [{ owner: pool }, { mode: 'sequential' as const }, { owner: service }];
    const starts = await startTimes('dependency', tasks, new Map([[service, [pool]]]));

    expect(Object.values(starts).toSorted((a, b) => a - b)).toEqual([0, 10, 20]);
    expect(starts['a']).toBeGreaterThan(starts['c'] ?? Infinity);
  });
});

describe('rule 4: `after` with task names', () => {
  test.each(['parallel', 'sequential', 'dependency'] as const)('adds an edge in %s mode', async (mode) => {
    const starts = await startTimes(mode, [{ after: ['c'] }, {}, {}]);

    expect(starts['a']).toBeGreaterThanOrEqual((starts['c'] ?? Infinity) + 10);
  });

  test('takes precedence over `order`', async () => {
    expect(await startTimes('sequential', [{ order: -9, after: ['b'] }, { order: 9 }, {}])).toEqual({
      c: 0,
      b: 10,
      a: 20,
    });
  });

  test('moves a sequential task behind the tasks that it names', async () => {
    const tasks = [{ mode: 'sequential' as const, after: ['c'] }, {}, {}];

    expect(await startTimes('parallel', tasks)).toEqual({ b: 0, c: 0, a: 10 });
  });

  test('also waits for a task that fails', async () => {
    const { recorder } = await runPlan({
      phases: [{ name: 'work', timeout: 100 }],
      tasks: [
        instantTask('next', { after: ['broken'] }),
        { name: 'broken', phase: 'work', run: () => Promise.reject(new Error('broken')) },
      ],
    });

    expect(() => recorder.expectOrder('broken', 'next')).not.toThrow();
  });
});

describe('the close modes of other libraries, expressed as phases and modes', () => {
  const names = ['http', 'queue', 'cache', 'database'];

  async function startsByPhase(
    phases: RunHarnessOptions['phases'],
    settings: (name: string, index: number) => Partial<ShutdownTask>,
  ) {
    const clock = new ManualClock();
    const tasks = names.map((name, index) => timedTask(clock, name, { ms: 10, ...settings(name, index) }));
    const { report } = await runPlan({ clock, phases, tasks });
    return report.phases.flatMap(({ tasks: entries }) => entries.map(({ name, startMs }) => [name, startMs]));
  }

  test('all in parallel', async () => {
    const phases = names.map((name) => ({ name, mode: 'parallel' as const, timeout: 100, after: [] }));

    expect(await startsByPhase(phases, (name) => ({ phase: name }))).toEqual([
      ['http', 0],
      ['queue', 0],
      ['cache', 0],
      ['database', 0],
    ]);
  });

  test('phases in order, their tasks in parallel', async () => {
    const phases = [
      { name: 'stop', timeout: 100 },
      { name: 'release', timeout: 100 },
    ];

    expect(await startsByPhase(phases, (_, index) => ({ phase: index < 2 ? 'stop' : 'release' }))).toEqual([
      ['http', 0],
      ['queue', 0],
      ['cache', 10],
      ['database', 10],
    ]);
  });

  test('everything one at a time', async () => {
    const phases = [
      { name: 'stop', mode: 'sequential' as const, timeout: 100 },
      { name: 'release', mode: 'sequential' as const, timeout: 100 },
    ];

    expect(await startsByPhase(phases, (_, index) => ({ phase: index < 2 ? 'stop' : 'release' }))).toEqual([
      ['http', 0],
      ['queue', 10],
      ['cache', 20],
      ['database', 30],
    ]);
  });

  test('two in parallel, then a third, by phases', async () => {
    const phases = [{ name: 'work', timeout: 100 }];
    const settings = (_: string, index: number): Partial<ShutdownTask> =>
      index === 2 ? { mode: 'sequential' } : {};

    expect(await startsByPhase(phases, settings)).toEqual([
      ['http', 0],
      ['queue', 0],
      ['cache', 10],
      ['database', 20],
    ]);
  });

  test('two in parallel, then a third, by `after`', async () => {
    const phases = [{ name: 'work', timeout: 100 }];
    const settings = (_: string, index: number): Partial<ShutdownTask> =>
      index === 2 ? { after: ['http', 'queue'] } : {};

    expect(await startsByPhase(phases, settings)).toEqual([
      ['http', 0],
      ['queue', 0],
      ['database', 0],
      ['cache', 10],
    ]);
  });
});
