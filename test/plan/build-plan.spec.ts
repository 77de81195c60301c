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

/** The problems of a plan, also of one that does not type-check. */
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

describe('rule 8: buildPlan rejects invalid phases', () => {
  test.each<[string, unknown, string, string]>([
    ['no list', 'drain', 'SHUTDOWN_NO_PHASES', 'phases'],
    ['an empty list', [], 'SHUTDOWN_NO_PHASES', 'phases'],
    ['an entry that is no phase', [null, ...PHASES], 'SHUTDOWN_INVALID_OPTION', 'phases[0]'],
    ['a list as a phase', [[], ...PHASES], 'SHUTDOWN_INVALID_OPTION', 'phases[0]'],
    ['an empty name', [{ name: ' ', timeout: 1 }], 'SHUTDOWN_INVALID_NAME', 'phases[0].name'],
    ['no name', [{ timeout: 1 }], 'SHUTDOWN_INVALID_NAME', 'phases[0].name'],
    [
      'a duplicate name',
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
  ])('reports %s with its code and path', (_, phases, code, path) => {
    expect(codes(mistakesOf(phases))).toEqual([[code, path]]);
  });

  test.each([undefined, 0, -1, Number.NaN, Infinity, '5s', null, 2_147_483_648])(
    'rejects a timeout of %p',
    (timeout) => {
      expect(codes(mistakesOf([{ name: 'a', timeout }]))).toEqual([
        ['SHUTDOWN_INVALID_TIMEOUT', 'phases[0].timeout'],
      ]);
    },
  );

  test('reports a duplicate phase by its index in the list of the user', () => {
    const phase = { name: 'a', timeout: 1 };
    const mistakes = mistakesOf([null, phase, phase]);
    expect(codes(mistakes)).toContainEqual(['SHUTDOWN_DUPLICATE_PHASE', 'phases[2].name']);
    expect(mistakes.at(-1)?.message).toContain('at phases[1].');
  });

  test('shows a cycle as a path', () => {
    const mistakes = mistakesOf([
      { name: 'a', timeout: 1, after: ['c'] },
      { name: 'b', timeout: 1, after: ['a'] },
      { name: 'c', timeout: 1, after: ['b'] },
    ]);

    expect(codes(mistakes)).toEqual([['SHUTDOWN_PHASE_CYCLE', 'phases']]);
    expect(mistakes[0]?.message).toMatch(
      /^dependency cycle (a → b → c → a|b → c → a → b|c → a → b → c)\. Remove one of these names from an `after`\.$/,
    );
  });

  test('suggests the nearest name for an unknown phase, and lists the known ones', () => {
    const [mistake] = mistakesOf([...PHASES, { name: 'last', timeout: 1, after: ['flsuh'] }]);

    expect(mistake?.message).toBe(
      "unknown phase 'flsuh'. Did you mean 'flush'? Known: 'drain', 'flush', 'close', 'last'.",
    );
  });
});

describe('rule 8: buildPlan rejects invalid tasks', () => {
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
  ])('reports %s with its code and path', (_, written, code, path) => {
    expect(codes(mistakesOf(PHASES, [written]))[0]).toEqual([code, path]);
  });

  test('rejects two tasks with the same name, also in different phases', () => {
    expect(codes(mistakesOf(PHASES, [task('pool'), task('pool', { phase: 'drain' })]))).toEqual([
      ['SHUTDOWN_DUPLICATE_TASK', 'pool'],
    ]);
  });

  test('rejects `after` with a task of a later phase', () => {
    const mistakes = mistakesOf(PHASES, [
      task('http', { phase: 'drain', after: ['pool'] }),
      task('pool', { phase: 'close' }),
    ]);

    expect(mistakes).toEqual([
      {
        code: 'SHUTDOWN_TASK_ORDER',
        path: 'http.after[0]',
        message:
          "'pool' is in phase 'close', which does not run before phase 'drain'. Move one of the two tasks to another phase, or order the phases.",
      },
    ]);
  });

  test('accepts `after` with a task of an earlier phase', () => {
    expect(
      mistakesOf(PHASES, [
        task('http', { phase: 'drain' }),
        task('pool', { phase: 'close', after: ['http'] }),
      ]),
    ).toEqual([]);
  });

  test('shows a cycle as a path', () => {
    const [mistake] = mistakesOf(PHASES, [
      task('a', { after: ['b'] }),
      task('b', { after: ['c'] }),
      task('c', { after: ['a'] }),
    ]);

    expect(mistake).toMatchObject({ code: 'SHUTDOWN_TASK_CYCLE', path: 'close' });
    expect(mistake?.message).toMatch(
      /^dependency cycle (a → c → b → a|b → a → c → b|c → b → a → c), through `after` and injection\./,
    );
  });

  test('shows a cycle of `after` and injection as a path of tasks only', () => {
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

    expect(build).toThrow(/dependency cycle (pool → service → pool|service → pool → service), through/);
  });
});

describe('rule 8: a configuration error', () => {
  test('reports all problems at once, each with a code', () => {
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

  test('has one message with a line for each problem', () => {
    expect(() => buildPlan(PHASES, [task('a', { phase: 'drian' }), task('b', { timeout: 900 })])).toThrow(
      [
        'Invalid shutdown configuration (2 problems):',
        "  a.phase: unknown phase 'drian'. Did you mean 'drain'? Known: 'drain', 'flush', 'close'. [SHUTDOWN_UNKNOWN_PHASE]",
        "  b.timeout: expected at most 500 ms, the timeout of phase 'close', got 900 ms. Lower it, or raise the timeout of the phase. [SHUTDOWN_TIMEOUT_EXCEEDS_PHASE]",
      ].join('\n'),
    );
  });

  test('does not count a single problem', () => {
    expect(() => buildPlan(PHASES, [task('a', { phase: 'x' })])).toThrow(
      /^Invalid shutdown configuration:\n {2}a\.phase/,
    );
  });
});

describe('the plan', () => {
  test('applies the defaults of each phase', () => {
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

  test('puts a task without `phase` into `close`', () => {
    const { phases } = buildPlan(PHASES, [task('pool')]);

    expect(phases.at(-1)?.tasks.map(({ name }) => name)).toEqual(['pool']);
  });

  test('lists phases and tasks in topological order', () => {
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

  test('is frozen, including its lists and phases', () => {
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

  test('does not freeze or change the arguments of the caller', () => {
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

  test('requires a timeout only for `unready` among the default phases', () => {
    expect(codes(mistakesOf(DEFAULT_PHASES))).toEqual([['SHUTDOWN_INVALID_TIMEOUT', 'phases[0].timeout']]);
  });
});

test('buildPlan reports a task that waits for itself once', () => {
  const tasks = [{ name: 'pool', phase: 'close', after: ['pool'], run: () => undefined }];
  expect(() => buildPlan([{ name: 'close', timeout: 5 }], tasks)).toThrow(
    expect.objectContaining({
      mistakes: [expect.objectContaining({ code: 'SHUTDOWN_TASK_CYCLE', path: 'pool.after[0]' })],
    }),
  );
});
