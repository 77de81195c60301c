import type { ShutdownTask } from '../../lib/plan/task.js';
import type { Mode } from '../../lib/plan/phase.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { runPlan, type RunHarnessOptions } from '../../lib/testing/run-plan.js';
import { instantTask, timedTask } from './timed-task.js';

/** When each task starts in a phase where every task takes 10 ms. */
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

describe('rule 4: `parallel`', () => {
  test('starts all at once, whatever their order says', async () => {
    expect(await startTimes('parallel', [{ order: 5 }, {}, { order: -5 }])).toEqual({ a: 0, b: 0, c: 0 });
  });
});

describe('rule 4: `sequential`', () => {
  test('runs one at a time, as discovered', async () => {
    expect(await startTimes('sequential', [{}, {}, {}])).toEqual({ a: 0, b: 10, c: 20 });
  });

  test('goes by `order` first, then as discovered', async () => {
    expect(await startTimes('sequential', [{ order: 1 }, {}, { order: -1 }, {}])).toEqual({
      c: 0,
      b: 10,
      d: 20,
      a: 30,
    });
  });
});

describe('rule 4: `dependency`', () => {
  const service = { is: 'service' };
  const repository = { is: 'repository' };
  const pool = { is: 'pool' };
  const cache = { is: 'cache' };

  test('closes from those that inject to those that are injected', async () => {
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

  test('runs those without a path between them side by side', async () => {
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

  test('waits for every task of every provider that injects', async () => {
    const injections = new Map([
      [service, [pool]],
      [cache, [pool]],
    ]);
    const tasks = [{ owner: pool }, { owner: service }, { owner: service, after: ['b'] }, { owner: cache }];

    expect(await startTimes('dependency', tasks, injections)).toEqual({ b: 0, d: 0, c: 10, a: 20 });
  });

  test('closes providers that inject each other together, after those that inject them', async () => {
    const injections = new Map([
      [service, [repository]],
      [repository, [cache]],
      [cache, [repository, pool]],
    ]);
    const tasks = [{ owner: pool }, { owner: cache }, { owner: repository }, { owner: service }];

    expect(await startTimes('dependency', tasks, injections)).toEqual({ d: 0, b: 10, c: 10, a: 20 });
  });

  test('does not follow injection in the other modes', async () => {
    const injections = new Map([[service, [pool]]]);
    const tasks = [{ owner: pool }, { owner: service }];

    expect(await startTimes('parallel', tasks, injections)).toEqual({ a: 0, b: 0 });
    expect(await startTimes('sequential', tasks, injections)).toEqual({ a: 0, b: 10 });
  });

  test('does not wait for a task that is in another phase', async () => {
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

describe("rule 4: a task's own mode among its neighbours", () => {
  test('a sequential task in a parallel phase runs alone at its place in the order', async () => {
    const tasks = [
      { order: 1 },
      { order: 1 },
      { order: 2, mode: 'sequential' as const },
      { order: 3 },
      { order: 3 },
    ];

    expect(await startTimes('parallel', tasks)).toEqual({ a: 0, b: 0, c: 10, d: 20, e: 20 });
  });

  test('without an order it stands where it was discovered', async () => {
    expect(await startTimes('parallel', [{}, { mode: 'sequential' }, {}])).toEqual({ a: 0, b: 10, c: 20 });
  });

  test('parallel tasks that follow each other in a sequential phase run together', async () => {
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

  test('a dependency task in a parallel phase waits for those of its kind that inject it', async () => {
    const pool = {};
    const service = {};
    const tasks = [
      { owner: pool, mode: 'dependency' as const },
      { owner: service, mode: 'dependency' as const },
      { owner: pool },
    ];

    expect(await startTimes('parallel', tasks, new Map([[service, [pool]]]))).toEqual({ b: 0, c: 0, a: 10 });
  });

  test('a sequential task in a dependency phase overlaps nobody', async () => {
    const pool = {};
    const service = {};
    const tasks = [{ owner: pool }, { mode: 'sequential' as const }, { owner: service }];
    const starts = await startTimes('dependency', tasks, new Map([[service, [pool]]]));

    expect(Object.values(starts).toSorted((a, b) => a - b)).toEqual([0, 10, 20]);
    expect(starts['a']).toBeGreaterThan(starts['c'] ?? Infinity);
  });
});

describe('rule 4: `after` by task name', () => {
  test.each(['parallel', 'sequential', 'dependency'] as const)('adds an edge in %s mode', async (mode) => {
    const starts = await startTimes(mode, [{ after: ['c'] }, {}, {}]);

    expect(starts['a']).toBeGreaterThanOrEqual((starts['c'] ?? Infinity) + 10);
  });

  test('is stronger than `order`', async () => {
    expect(await startTimes('sequential', [{ order: -9, after: ['b'] }, { order: 9 }, {}])).toEqual({
      c: 0,
      b: 10,
      a: 20,
    });
  });

  test('moves a sequential task to behind those that it names', async () => {
    const tasks = [{ mode: 'sequential' as const, after: ['c'] }, {}, {}];

    expect(await startTimes('parallel', tasks)).toEqual({ b: 0, c: 0, a: 10 });
  });

  test('waits for a task that failed as for any other', async () => {
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

describe('the close modes of the GS library, as settings of this engine', () => {
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

  test('all side by side', async () => {
    const phases = names.map((name) => ({ name, mode: 'parallel' as const, timeout: 100, after: [] }));

    expect(await startsByPhase(phases, (name) => ({ phase: name }))).toEqual([
      ['http', 0],
      ['queue', 0],
      ['cache', 0],
      ['database', 0],
    ]);
  });

  test('phases in order with tasks side by side', async () => {
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

  test('everything one by one', async () => {
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

  test('these two together, then the third', async () => {
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

  test('these two together, then the third, by name', async () => {
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
