import { MistakeList } from '../../lib/plan/mistake.js';
import { PhaseGraph } from '../../lib/plan/phase-graph.js';
import {
  cutDelay,
  cutTimeout,
  deadlineAfter,
  divideDrain,
  duration,
  fitOf,
  grantFor,
  noticeTime,
  shutdownLimits,
  taskTimeout,
  timeLeft,
  timeUntil,
  unreadyTimeout,
} from '../../lib/plan/time-budget.js';

describe('a length of time', () => {
  test.each([
    [5, 5],
    [0, 0],
    [-33, 0],
    [Number.NaN, 0],
  ])('of %p ms counts as %p ms', (ms, counted) => {
    expect(duration(ms)).toBe(counted);
  });

  test('until a deadline is never negative, except for a timer', () => {
    expect([timeLeft(100, 40), timeLeft(100, 140), timeUntil(100, 140)]).toEqual([60, 0, -40]);
  });

  test('until a deadline may have a least value', () => {
    expect([timeLeft(100, 40, 50), timeLeft(100, 90, 50), timeLeft(100, 140, 50)]).toEqual([60, 50, 50]);
  });

  test('ends at the latest instant that is given', () => {
    expect([deadlineAfter(100, 50), deadlineAfter(100, 50, 120), deadlineAfter(100, Infinity, 120)]).toEqual([
      150, 120, 120,
    ]);
  });
});

test('a task has its own timeout, else that of its phase, else the limit of the run', () => {
  expect([
    taskTimeout({ timeout: 1 }, { timeout: 2 }, 3),
    taskTimeout({}, { timeout: 2 }, 3),
    taskTimeout({}, undefined, 3),
  ]).toEqual([1, 2, 3]);
});

describe('the limits of a shutdown', () => {
  const graph = (timeout: number): PhaseGraph =>
    PhaseGraph.from([{ name: 'close', timeout }], new MistakeList());

  test('leave a second of the grace period to the end of the process, and half of it to its exit', () => {
    expect(shutdownLimits(30_000, graph(5_000))).toEqual({ run: 29_000, exit: 29_500, start: 24_000 });
  });

  test('leave a start at least a second, however long the phases take', () => {
    expect(shutdownLimits(30_000, graph(40_000)).start).toBe(1_000);
  });
});

describe('how a plan fits a grant', () => {
  test.each([
    [{ grantedMs: 30_000 }, { availableMs: 30_000, phasesMs: 29_000, neededMs: 24_000, missingMs: -6_000 }],
    [{ grantedMs: 24_000 }, { missingMs: 0 }],
    [
      { grantedMs: 30_000, heldMs: 10_000 },
      { availableMs: 20_000, phasesMs: 19_000, missingMs: 4_000 },
    ],
    [{ grantedMs: Infinity }, { missingMs: -Infinity }],
  ])('of %j is %j', (grant, fit) => {
    expect(fitOf({ ms: 23_000 }, grant)).toMatchObject(fit);
  });

  test('comes to zero missing where the platform grants what it advises', () => {
    const fit = fitOf({ ms: 23_000 }, { grantedMs: 30_000, heldMs: 10_000 });
    const grantedMs = grantFor(fit.neededMs, fit);
    expect(fitOf({ ms: 23_000 }, { grantedMs, heldMs: 10_000 }).missingMs).toBe(0);
  });

  test('is reached by cuts that leave each phase a second and the delay no less than nothing', () => {
    expect([cutTimeout(5_000, 3_000), cutTimeout(5_000, 9_000)]).toEqual([2_000, 1_000]);
    expect([
      cutDelay(5_000, { from: 6_000, to: 4_000 }),
      cutDelay(1_000, { from: 6_000, to: 4_000 }),
    ]).toEqual([3_000, 0]);
  });
});

test('unready lasts a second longer than its delay, and no longer than a timer can', () => {
  expect([unreadyTimeout(0), unreadyTimeout(5_000), unreadyTimeout(2_147_483_647)]).toEqual([
    1_000, 6_000, 2_147_483_647,
  ]);
});

test('a probe is noticed after all its failures and the timeout of the last one', () => {
  expect(noticeTime({ periodMs: 10_000, failureThreshold: 3, timeoutMs: 1_000 })).toBe(31_000);
});

test.each([
  [10_000, 1_000, { waitMs: 9_000, endMs: 1_000 }],
  [1_000, 1_000, { waitMs: 500, endMs: 500 }],
  [0, 1_000, { waitMs: 0, endMs: 0 }],
])('a drain with %p ms left that wants %p ms to end what is unfinished has %j', (left, wanted, time) => {
  expect(divideDrain(left, wanted)).toEqual(time);
});
