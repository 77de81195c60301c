import { buildPlan } from '../../lib/plan/build-plan.js';
import { ShutdownConfigurationError, type ShutdownMistake } from '../../lib/plan/mistake.js';
import { DEFAULT_PHASES, type PhaseOptions } from '../../lib/plan/phase.js';
import type { ShutdownTask } from '../../lib/plan/task.js';

const PHASES: readonly PhaseOptions[] = [
  { name: 'drain', timeout: 1_000 },
  { name: 'flush', timeout: 500 },
  { name: 'close', mode: 'dependency', timeout: 500 },
];

function task(name: string, settings: Partial<ShutdownTask> = {}): ShutdownTask {
  return { name, run: () => undefined, ...settings };
}

/** The mistakes of a plan as it might be written where nobody checks types. */
function mistakesOf(phases: unknown, tasks: unknown = []): readonly ShutdownMistake[] {
  try {
    Reflect.apply(buildPlan, undefined, [phases, tasks]);
  } catch (error) {
    if (error instanceof ShutdownConfigurationError) return error.mistakes;
    throw error;
  }
  return [];
}

function codes(mistakes: readonly ShutdownMistake[]) {
  return mistakes.map(({ code, path }) => [code, path]);
}

describe('rule 8: a mistake in the phases', () => {
  test.each<[string, unknown, string, string]>([
    ['no list', 'drain', 'SHUTDOWN_NO_PHASES', 'phases'],
    ['an empty list', [], 'SHUTDOWN_NO_PHASES', 'phases'],
    ['an entry that is no phase', [null, ...PHASES], 'SHUTDOWN_INVALID_OPTION', 'phases[0]'],
    ['a list as a phase', [[], ...PHASES], 'SHUTDOWN_INVALID_OPTION', 'phases[0]'],
    ['an empty name', [{ name: ' ', timeout: 1 }], 'SHUTDOWN_INVALID_NAME', 'phases[0].name'],
    ['no name', [{ timeout: 1 }], 'SHUTDOWN_INVALID_NAME', 'phases[0].name'],
    [
      'a name twice',
      [...PHASES, { name: 'flush', timeout: 1 }],
      'SHUTDOWN_DUPLICATE_PHASE',
      'phases[3].name',
    ],
    ['a misspelt option', [{ name: 'a', timeout: 1, aftr: [] }], 'SHUTDOWN_UNKNOWN_OPTION', 'phases[0].aftr'],
    [
      'an unknown mode',
      [{ name: 'a', timeout: 1, mode: 'serial' }],
      'SHUTDOWN_INVALID_OPTION',
      'phases[0].mode',
    ],
    [
      'an unknown onFailure',
      [{ name: 'a', timeout: 1, onFailure: 'stop' }],
      'SHUTDOWN_INVALID_OPTION',
      'phases[0].onFailure',
    ],
    [
      'enabled that is no boolean',
      [{ name: 'a', timeout: 1, enabled: 'yes' }],
      'SHUTDOWN_INVALID_OPTION',
      'phases[0].enabled',
    ],
    [
      'after that is no list',
      [{ name: 'a', timeout: 1, after: 'b' }],
      'SHUTDOWN_INVALID_OPTION',
      'phases[0].after',
    ],
    [
      'an unknown phase in after',
      [...PHASES, { name: 'x', timeout: 1, after: ['drain', 'drian'] }],
      'SHUTDOWN_UNKNOWN_PHASE',
      'phases[3].after[1]',
    ],
    [
      'itself in after',
      [{ name: 'a', timeout: 1, after: ['a'] }],
      'SHUTDOWN_PHASE_CYCLE',
      'phases[0].after[0]',
    ],
  ])('%s is told with its code and place', (_, phases, code, path) => {
    expect(codes(mistakesOf(phases))).toEqual([[code, path]]);
  });

  test.each([undefined, 0, -1, Number.NaN, Infinity, '5s', null, 2_147_483_648])(
    'a timeout of %p is refused',
    (timeout) => {
      expect(codes(mistakesOf([{ name: 'a', timeout }]))).toEqual([
        ['SHUTDOWN_INVALID_TIMEOUT', 'phases[0].timeout'],
      ]);
    },
  );

  test('a phase that is in the list twice is reported with its place in the list as it is written', () => {
    const phase = { name: 'a', timeout: 1 };
    const mistakes = mistakesOf([null, phase, phase]);
    expect(codes(mistakes)).toContainEqual(['SHUTDOWN_DUPLICATE_PHASE', 'phases[2].name']);
    expect(mistakes.at(-1)?.message).toContain('at phases[1].');
  });

  test('a cycle is shown as a path', () => {
    const mistakes = mistakesOf([
      { name: 'a', timeout: 1, after: ['c'] },
      { name: 'b', timeout: 1, after: ['a'] },
      { name: 'c', timeout: 1, after: ['b'] },
    ]);

    expect(codes(mistakes)).toEqual([['SHUTDOWN_PHASE_CYCLE', 'phases']]);
    expect(mistakes[0]?.message).toMatch(
      /^(a → b → c → a|b → c → a → b|c → a → b → c) wait for each other\. Take one of these names out of an `after`\.$/,
    );
  });

  test('an unknown phase comes with the nearest name and those that are known', () => {
    const [mistake] = mistakesOf([...PHASES, { name: 'last', timeout: 1, after: ['flsuh'] }]);

    expect(mistake?.message).toBe(
      "there is no phase 'flsuh'. Did you mean 'flush'? Known: 'drain', 'flush', 'close', 'last'.",
    );
  });
});

describe('rule 8: a mistake in the tasks', () => {
  test.each<[string, unknown, string, string]>([
    ['an entry that is no task', 7, 'SHUTDOWN_INVALID_OPTION', 'tasks[0]'],
    ['no name', { run: () => undefined }, 'SHUTDOWN_INVALID_NAME', 'tasks[0].name'],
    ['no function', { name: 'pool' }, 'SHUTDOWN_NOT_A_FUNCTION', 'pool.run'],
    ['an unknown phase', { ...task('pool'), phase: 'clos' }, 'SHUTDOWN_UNKNOWN_PHASE', 'pool.phase'],
    ['a misspelt option', { ...task('pool'), timout: 5 }, 'SHUTDOWN_UNKNOWN_OPTION', 'pool.timout'],
    ['an unknown mode', { ...task('pool'), mode: 'serial' }, 'SHUTDOWN_INVALID_OPTION', 'pool.mode'],
    [
      'an order that is no number',
      { ...task('pool'), order: 'first' },
      'SHUTDOWN_INVALID_OPTION',
      'pool.order',
    ],
    ['an endless order', { ...task('pool'), order: Infinity }, 'SHUTDOWN_INVALID_OPTION', 'pool.order'],
    ['after that is no list', { ...task('pool'), after: 'x' }, 'SHUTDOWN_INVALID_OPTION', 'pool.after'],
    ['a timeout of 0', { ...task('pool'), timeout: 0 }, 'SHUTDOWN_INVALID_TIMEOUT', 'pool.timeout'],
    [
      "a timeout above its phase's",
      { ...task('pool'), timeout: 501 },
      'SHUTDOWN_TIMEOUT_EXCEEDS_PHASE',
      'pool.timeout',
    ],
    ['itself in after', { ...task('pool'), after: ['pool'] }, 'SHUTDOWN_TASK_CYCLE', 'pool.after[0]'],
    [
      'an unknown task in after',
      { ...task('pool'), after: ['cache'] },
      'SHUTDOWN_UNKNOWN_TASK',
      'pool.after[0]',
    ],
  ])('%s is told with its code and place', (_, written, code, path) => {
    expect(codes(mistakesOf(PHASES, [written]))[0]).toEqual([code, path]);
  });

  test('a name twice', () => {
    expect(codes(mistakesOf(PHASES, [task('pool'), task('pool', { phase: 'drain' })]))).toEqual([
      ['SHUTDOWN_DUPLICATE_TASK', 'pool'],
    ]);
  });

  test('after a task of a later phase', () => {
    const mistakes = mistakesOf(PHASES, [
      task('http', { phase: 'drain', after: ['pool'] }),
      task('pool', { phase: 'close' }),
    ]);

    expect(mistakes).toEqual([
      {
        code: 'SHUTDOWN_TASK_ORDER',
        path: 'http.after[0]',
        message:
          "'pool' is in the phase 'close', which does not come before 'drain'. Move one of the two tasks, or order the phases.",
      },
    ]);
  });

  test('after a task of an earlier phase is none', () => {
    expect(
      mistakesOf(PHASES, [
        task('http', { phase: 'drain' }),
        task('pool', { phase: 'close', after: ['http'] }),
      ]),
    ).toEqual([]);
  });

  test('a cycle is shown as a path', () => {
    const [mistake] = mistakesOf(PHASES, [
      task('a', { after: ['b'] }),
      task('b', { after: ['c'] }),
      task('c', { after: ['a'] }),
    ]);

    expect(mistake).toMatchObject({ code: 'SHUTDOWN_TASK_CYCLE', path: 'close' });
    expect(mistake?.message).toMatch(/^(a → c → b → a|b → a → c → b|c → b → a → c) wait for each other/);
  });

  test('a cycle of `after` and injection is shown without the gates between', () => {
    const [service, repository, pool] = [{}, {}, {}];
    const build = () =>
      buildPlan(
        PHASES,
        [task('pool', { owner: pool }), task('service', { owner: service, after: ['pool'] })],
        new Map([
          [service, [repository]],
          [repository, [pool]],
        ]),
      );

    expect(build).toThrow(/(pool → service → pool|service → pool → service) wait for each other/);
  });
});

describe('rule 8: all mistakes', () => {
  test('are told at once, each with a code, and none hides another', () => {
    const mistakes = mistakesOf(
      [
        { name: 'drain', timeout: 0, mode: 'all' },
        { name: 'drain', timeout: 5 },
        { name: 'close', timeout: 100, after: ['dran'] },
      ],
      [
        { ...task('pool'), timeout: 200 },
        { ...task('http'), phase: 'drian' },
        task('pool'),
        task('cache', { after: ['pols'] }),
      ],
    );

    expect(codes(mistakes)).toEqual([
      ['SHUTDOWN_INVALID_OPTION', 'phases[0].mode'],
      ['SHUTDOWN_INVALID_TIMEOUT', 'phases[0].timeout'],
      ['SHUTDOWN_DUPLICATE_PHASE', 'phases[1].name'],
      ['SHUTDOWN_UNKNOWN_PHASE', 'phases[2].after[0]'],
      ['SHUTDOWN_TIMEOUT_EXCEEDS_PHASE', 'pool.timeout'],
      ['SHUTDOWN_UNKNOWN_PHASE', 'http.phase'],
      ['SHUTDOWN_UNKNOWN_TASK', 'cache.after[0]'],
    ]);
  });

  test('stand in one message, a line for each', () => {
    expect(() => buildPlan(PHASES, [task('a', { phase: 'drian' }), task('b', { timeout: 900 })])).toThrow(
      [
        'The shutdown is configured wrongly in 2 places:',
        "  a.phase: there is no phase 'drian'. Did you mean 'drain'? Known: 'drain', 'flush', 'close'. [SHUTDOWN_UNKNOWN_PHASE]",
        "  b.timeout: 900 ms is more than the 500 ms of its phase 'close', which ends it first. Give it less, or the phase more. [SHUTDOWN_TIMEOUT_EXCEEDS_PHASE]",
      ].join('\n'),
    );
  });

  test('a single one is told without a number', () => {
    expect(() => buildPlan(PHASES, [task('a', { phase: 'x' })])).toThrow(
      /^The shutdown is configured wrongly:\n {2}a\.phase/,
    );
  });
});

describe('a plan', () => {
  test('has the defaults of each phase filled in', () => {
    const { phases } = buildPlan(
      [
        { name: 'first', timeout: 10 },
        { name: 'second', timeout: 10 },
      ],
      [],
    );

    expect(phases).toEqual([
      {
        name: 'first',
        mode: 'parallel',
        timeout: 10,
        after: [],
        onFailure: 'continue',
        enabled: true,
        tasks: [],
      },
      {
        name: 'second',
        mode: 'parallel',
        timeout: 10,
        after: ['first'],
        onFailure: 'continue',
        enabled: true,
        tasks: [],
      },
    ]);
  });

  test('puts a task that names no phase into `close`', () => {
    const { phases } = buildPlan(PHASES, [task('pool')]);

    expect(phases.at(-1)?.tasks.map(({ name }) => name)).toEqual(['pool']);
  });

  test('lists phases and tasks in an order in which they may start', () => {
    const [service, pool] = [{}, {}];
    const { phases } = buildPlan(
      [
        { name: 'close', mode: 'dependency', timeout: 10, after: ['drain'] },
        { name: 'drain', timeout: 10, after: [] },
      ],
      [task('pool', { owner: pool }), task('service', { owner: service })],
      new Map([[service, [pool]]]),
    );

    expect(phases.map(({ name }) => name)).toEqual(['drain', 'close']);
    expect(phases[1]?.tasks.map(({ name }) => name)).toEqual(['service', 'pool']);
  });

  test('is frozen, with all that the caller did not give', () => {
    const plan = buildPlan(
      [...PHASES, { name: 'last', timeout: 1, after: ['close', 'drain'] }],
      [task('pool')],
    );
    const parts: readonly unknown[] = [
      plan,
      plan.phases,
      plan.longestPath,
      plan.longestPath.phases,
      plan.phaseGraph.phases,
      ...plan.phases,
      ...plan.phases.map(({ tasks }) => tasks),
      ...plan.phases.map(({ after }) => after),
    ];

    expect(parts.map((part) => Object.isFrozen(part))).toEqual(parts.map(() => true));
  });

  test('leaves what the caller gave as it was', () => {
    const phases = [{ name: 'close', timeout: 10, after: [] }];
    const pool = task('pool', { after: [] });
    const tasks = [pool];
    buildPlan(phases, tasks);

    expect([phases, phases[0], tasks, pool].map((part) => Object.isFrozen(part))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(phases).toEqual([{ name: 'close', timeout: 10, after: [] }]);
  });

  test('of the default phases asks only for the time of `unready`', () => {
    expect(codes(mistakesOf(DEFAULT_PHASES))).toEqual([['SHUTDOWN_INVALID_TIMEOUT', 'phases[0].timeout']]);
  });
});

test('a task that waits for itself is told once', () => {
  const tasks = [{ name: 'pool', phase: 'close', after: ['pool'], run: () => undefined }];
  expect(() => buildPlan([{ name: 'close', timeout: 5 }], tasks)).toThrow(
    expect.objectContaining({
      mistakes: [expect.objectContaining({ code: 'SHUTDOWN_TASK_CYCLE', path: 'pool.after[0]' })],
    }),
  );
});
