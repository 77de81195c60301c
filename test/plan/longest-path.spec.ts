import { buildPlan } from '../../lib/plan/build-plan.js';
import type { PhaseOptions } from '../../lib/plan/phase.js';
import { milliseconds, pathSum, planText } from '../../lib/plan/plan-text.js';

function longest(...phases: readonly PhaseOptions[]) {
  const { longestPath } = buildPlan(phases, []);
  return [longestPath.phases.map(({ name }) => name).join(' '), longestPath.ms];
}

describe('rule 9: longestPath()', () => {
  test('sums phases that run one after another', () => {
    expect(
      longest({ name: 'a', timeout: 1 }, { name: 'b', timeout: 20 }, { name: 'c', timeout: 300 }),
    ).toEqual(['a b c', 321]);
  });

  test('counts only the longest of phases that run in parallel', () => {
    expect(
      longest(
        { name: 'a', timeout: 10 },
        { name: 'short', timeout: 20, after: ['a'] },
        { name: 'long', timeout: 30, after: ['a'] },
        { name: 'z', timeout: 5, after: ['short', 'long'] },
        { name: 'aside', timeout: 44, after: [] },
      ),
    ).toEqual(['a long z', 45]);
  });

  test('may be a single phase without dependencies', () => {
    expect(longest({ name: 'a', timeout: 10 }, { name: 'alone', timeout: 11, after: [] })).toEqual([
      'alone',
      11,
    ]);
  });

  test('skips a disabled phase, and continues behind it', () => {
    expect(
      longest(
        { name: 'a', timeout: 10 },
        { name: 'off', timeout: 1_000, enabled: false },
        { name: 'z', timeout: 5 },
      ),
    ).toEqual(['a z', 15]);
  });

  test('is 0 ms if all phases are disabled', () => {
    expect(longest({ name: 'off', timeout: 10, enabled: false })).toEqual(['', 0]);
  });

  test('is printed as a sum', () => {
    const { longestPath } = buildPlan(
      [
        { name: 'unready', timeout: 6_000 },
        { name: 'drain', timeout: 15_000 },
      ],
      [],
    );

    expect(pathSum(longestPath)).toBe('unready 6 000 + drain 15 000 = 21 000 ms');
    expect(pathSum({ phases: longestPath.phases.slice(1), ms: 15_000 })).toBe('drain 15 000 ms');
  });
});

describe('planText', () => {
  test('prints one line per phase, and the longest path', () => {
    const plan = buildPlan(
      [
        { name: 'drain', timeout: 15_000 },
        { name: 'metrics', timeout: 500, after: [] },
        { name: 'flush', timeout: 3_000, enabled: false, after: ['drain'] },
        { name: 'close', mode: 'dependency', timeout: 5_000 },
      ],
      [
        { name: 'Outbox.flush', phase: 'drain', run: () => undefined },
        { name: 'Pool.close', run: () => undefined },
        { name: 'Cache.close', run: () => undefined },
      ],
    );

    expect(planText(plan)).toBe(
      [
        '  drain    parallel    15 000 ms  Outbox.flush',
        '  metrics  parallel       500 ms  -  (at once)',
        '  flush    disabled     3 000 ms  -  (after drain)',
        '  close    dependency   5 000 ms  Pool.close, Cache.close',
        '  at most drain 15 000 + close 5 000 = 20 000 ms',
      ].join('\n'),
    );
  });

  test('counts the tasks that do not fit', () => {
    const tasks = Array.from({ length: 15 }, (_, index) => ({
      name: `t${index}`,
      phase: 'work',
      run: () => undefined,
    }));

    const text = planText(buildPlan([{ name: 'work', timeout: 5 }], tasks));
    expect(text.replace(/\s+/g, ' ')).toContain('t10, t11, and 3 more');
  });

  test('wraps the tasks of a phase at 80 columns', () => {
    const tasks = ['Outbox.publishRest', 'Metrics.writeRest', 'Search.pushRest'].map((name) => ({
      name,
      phase: 'flush',
      run: () => undefined,
    }));
    expect(planText(buildPlan([{ name: 'flush', timeout: 3_000 }], tasks)).split('\n')).toEqual([
      '  flush  parallel  3 000 ms  Outbox.publishRest, Metrics.writeRest,',
      '                             Search.pushRest',
      '  at most flush 3 000 ms',
    ]);
  });

  test.each([
    [0, '0 ms'],
    [999.6, '1 000 ms'],
    [12, '12 ms'],
    [1_234_567, '1 234 567 ms'],
  ])('%p milliseconds are written as %s', (ms, text) => {
    expect(milliseconds(ms)).toBe(text);
  });
});
