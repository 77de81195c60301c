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

describe('time arithmetic', () => {
  test.each([
    [5, 5],
    [0, 0],
    [-33, 0],
    [Number.NaN, 0],
  ])('duration(%p) is %p', (ms, counted) => {
    expect(duration(ms)).toBe(counted);
  });

  test('timeLeft() is never negative, timeUntil() may be', () => {
    expect([timeLeft(100, 40), timeLeft(100, 140), timeUntil(100, 140)]).toEqual([60, 0, -40]);
  });

  test('timeLeft() returns at least the given minimum', () => {
    expect([timeLeft(100, 40, 50), timeLeft(100, 90, 50), timeLeft(100, 140, 50)]).toEqual([60, 50, 50]);
  });

  test('deadlineAfter() returns at most the given latest deadline', () => {
    expect([deadlineAfter(100, 50), deadlineAfter(100, 50, 120), deadlineAfter(100, Infinity, 120)]).toEqual([
      150, 120, 120,
    ]);
  });
});

test('taskTimeout() uses the timeout of the task, else of its phase, else the limit of the run', () => {
  expect([
    taskTimeout({ timeout: 1 }, { timeout: 2 }, 3),
    taskTimeout({}, { timeout: 2 }, 3),
    taskTimeout({}, undefined, 3),
  ]).toEqual([1, 2, 3]);
});

describe('shutdownLimits()', () => {
  const graph = (timeout: number): PhaseGraph =>
    PhaseGraph.from([{ name: 'close', timeout }], new MistakeList());

  test('reserves one second of the grace period for the exit, and half of it as a margin before the kill', () => {
    expect(shutdownLimits(30_000, graph(5_000))).toEqual({ run: 29_000, exit: 29_500, start: 24_000 });
  });

  test('grants a start at least one second, however long the phases take', () => {
    expect(shutdownLimits(30_000, graph(40_000)).start).toBe(1_000);
  });
});

describe('fitOf()', () => {
  test.each([
    [{ grantedMs: 30_000 }, { availableMs: 30_000, phasesMs: 29_000, neededMs: 24_000, missingMs: -6_000 }],
    [{ grantedMs: 24_000 }, { missingMs: 0 }],
    [
      { grantedMs: 30_000, heldMs: 10_000 },
      { availableMs: 20_000, phasesMs: 19_000, missingMs: 4_000 },
    ],
    [{ grantedMs: Infinity }, { missingMs: -Infinity }],
  ])('of a grant %j has %j', (grant, fit) => {
    expect(fitOf({ ms: 23_000 }, grant)).toMatchObject(fit);
  });

  test('reports 0 ms missing if the platform grants what it suggests', () => {
    const fit = fitOf({ ms: 23_000 }, { grantedMs: 30_000, heldMs: 10_000 });
    const grantedMs = grantFor(fit.neededMs, fit);
    expect(fitOf({ ms: 23_000 }, { grantedMs, heldMs: 10_000 }).missingMs).toBe(0);
  });

  test('suggests cuts that leave each phase one second, and a delay of at least 0', () => {
    expect([cutTimeout(5_000, 3_000), cutTimeout(5_000, 9_000)]).toEqual([2_000, 1_000]);
    expect([
      cutDelay(5_000, { from: 6_000, to: 4_000 }),
      cutDelay(1_000, { from: 6_000, to: 4_000 }),
    ]).toEqual([3_000, 0]);
  });
});

test('unreadyTimeout() adds one second to the delay, up to the longest timer', () => {
  expect([unreadyTimeout(0), unreadyTimeout(5_000), unreadyTimeout(2_147_483_647)]).toEqual([
    1_000, 6_000, 2_147_483_647,
  ]);
});

test('noticeTime() adds the timeout of the last probe to the periods of all failures', () => {
  expect(noticeTime({ periodMs: 10_000, failureThreshold: 3, timeoutMs: 1_000 })).toBe(31_000);
});

test.each([
  [10_000, 1_000, { waitMs: 9_000, endMs: 1_000 }],
  [1_000, 1_000, { waitMs: 500, endMs: 500 }],
  [0, 1_000, { waitMs: 0, endMs: 0 }],
])('divideDrain() divides %p ms, with %p ms wanted for ending, into %j', (left, wanted, time) => {
  expect(divideDrain(left, wanted)).toEqual(time);
});
