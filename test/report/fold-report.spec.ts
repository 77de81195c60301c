import * as fc from 'fast-check';
import { ReportFold, foldReport } from '../../lib/report/fold-report.js';
import { reportToJson } from '../../lib/report/report-json.js';
import { reportSoFar } from '../../lib/report/report-so-far.js';
import { shortReport } from '../../lib/report/short-report.js';
import { timeline } from '../../lib/report/timeline.js';
import { ShutdownTimeoutError } from '../../lib/run/errors.js';
import type { ShutdownEvent } from '../../lib/run/events.js';

const failure = new Error('broke');
const timeout = new Error('too slow');
const inFlight = [{ name: 'GET /', ageMs: 3 }];

const EVENTS: readonly ShutdownEvent[] = [
  {
    type: 'run-started',
    at: 1_000,
    reason: { kind: 'signal', signal: 'SIGTERM' },
    deadline: 30_000,
    phases: [
      { name: 'drain', mode: 'parallel' },
      { name: 'flush', mode: 'sequential' },
      { name: 'close', mode: 'dependency' },
    ],
  },
  { type: 'phase-started', at: 1_000, phase: 'drain', taskCount: 2 },
  { type: 'task-started', at: 1_000, id: 4, phase: 'drain', task: 'http' },
  { type: 'task-started', at: 1_002, id: 2, phase: 'drain', task: 'queue' },
  { type: 'run-joined', at: 1_003, reason: { kind: 'close' } },
  {
    type: 'task-finished',
    at: 1_010,
    id: 2,
    phase: 'drain',
    task: 'queue',
    outcome: 'failed',
    error: failure,
    abandoned: false,
  },
  { type: 'run-progress', at: 1_050, elapsedMs: 50, awaited: [] },
  {
    type: 'task-finished',
    at: 1_100,
    id: 4,
    phase: 'drain',
    task: 'http',
    outcome: 'timed-out',
    error: timeout,
    abandoned: true,
    inFlight,
  },
  { type: 'phase-finished', at: 1_100, phase: 'drain', outcome: 'timed-out' },
  { type: 'phase-skipped', at: 1_100, phase: 'flush', cause: 'disabled', taskCount: 1 },
  { type: 'task-skipped', at: 1_100, id: 0, phase: 'flush', task: 'outbox', cause: 'disabled' },
  { type: 'phase-started', at: 1_100, phase: 'close', taskCount: 1 },
  { type: 'task-started', at: 1_100, id: 1, phase: 'close', task: 'pool' },
  {
    type: 'task-finished',
    at: 1_120,
    id: 1,
    phase: 'close',
    task: 'pool',
    outcome: 'completed',
    abandoned: false,
  },
  { type: 'phase-finished', at: 1_120, phase: 'close', outcome: 'completed' },
  { type: 'run-finished', at: 1_120, outcome: 'timed-out' },
  {
    type: 'task-settled-late',
    at: 1_130,
    id: 4,
    phase: 'drain',
    task: 'http',
    lateMs: 30,
    outcome: 'completed',
  },
];

describe('foldReport()', () => {
  test('lists phases in plan order, and tasks in start order', () => {
    expect(foldReport(EVENTS)).toEqual({
      reason: { kind: 'signal', signal: 'SIGTERM' },
      joinedReasons: [{ kind: 'close' }],
      outcome: 'timed-out',
      startedAt: 1_000,
      durationMs: 120,
      phases: [
        {
          name: 'drain',
          mode: 'parallel',
          outcome: 'timed-out',
          startMs: 0,
          durationMs: 100,
          tasks: [
            {
              name: 'http',
              outcome: 'timed-out',
              startMs: 0,
              durationMs: 100,
              error: timeout,
              abandoned: true,
              inFlight,
              settledLateMs: 30,
            },
            { name: 'queue', outcome: 'failed', startMs: 2, durationMs: 8, error: failure },
          ],
        },
        {
          name: 'flush',
          mode: 'sequential',
          outcome: 'skipped',
          startMs: 100,
          durationMs: 0,
          skippedBecause: 'disabled',
          tasks: [
            { name: 'outbox', outcome: 'skipped', startMs: 100, durationMs: 0, skippedBecause: 'disabled' },
          ],
        },
        {
          name: 'close',
          mode: 'dependency',
          outcome: 'completed',
          startMs: 100,
          durationMs: 20,
          tasks: [{ name: 'pool', outcome: 'completed', startMs: 0 + 100, durationMs: 20 }],
        },
      ],
    });
  });

  test('returns nothing if no run has started', () => {
    expect(foldReport([])).toBeUndefined();
    expect(foldReport(EVENTS.slice(1))).toBeUndefined();
  });

  test('reports an unfinished run as running, until the last event', () => {
    expect(foldReport(EVENTS.slice(0, 7))).toMatchObject({ outcome: 'running', durationMs: 50 });
  });

  test('distinguishes running from waiting', () => {
    const report = foldReport([
      {
        type: 'run-started',
        at: 1_000,
        reason: { kind: 'close' },
        deadline: 9_000,
        phases: [
          { name: 'drain', mode: 'parallel' },
          { name: 'close', mode: 'parallel' },
        ],
      },
      { type: 'phase-started', at: 1_000, phase: 'drain', taskCount: 1 },
      { type: 'task-started', at: 1_000, id: 0, phase: 'drain', task: 'http' },
      { type: 'run-progress', at: 1_500, elapsedMs: 500, awaited: [] },
    ]);
    expect(report?.phases).toMatchObject([
      { outcome: 'running', durationMs: 500, tasks: [{ outcome: 'running', durationMs: 500 }] },
      { outcome: 'waiting', durationMs: 0, tasks: [] },
    ]);
  });

  test('rounds to tenths of a millisecond', () => {
    const report = foldReport([
      { type: 'run-started', at: 0.1, reason: { kind: 'close' }, deadline: 9, phases: [] },
      { type: 'run-finished', at: 1.3333, outcome: 'completed' },
    ]);
    expect(report?.durationMs).toBe(1.2);
  });

  test('keeps two tasks of the same name apart', () => {
    const again: readonly ShutdownEvent[] = [
      { type: 'task-started', at: 1_110, id: 9, phase: 'close', task: 'pool' },
      {
        type: 'task-finished',
        at: 1_115,
        id: 9,
        phase: 'close',
        task: 'pool',
        outcome: 'completed',
        abandoned: false,
      },
    ];
    const report = foldReport([...EVENTS.slice(0, 13), ...again, ...EVENTS.slice(13)]);

    expect(report?.phases[2]?.tasks.map(({ durationMs }) => durationMs)).toEqual([20, 5]);
  });

  test('returns a new report each time: earlier ones do not change', () => {
    const fold = new ReportFold();
    EVENTS.slice(0, 5).forEach((event) => fold.add(event));
    const early = fold.report();
    EVENTS.slice(5).forEach((event) => fold.add(event));

    expect(early).toEqual(foldReport(EVENTS.slice(0, 5)));
    expect(fold.report()).toEqual(foldReport(EVENTS));
  });
});

/** Every number below a key that ends with `Ms`. */
function lengthsIn(value: unknown): readonly number[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) =>
    typeof each === 'number' && key.endsWith('Ms') ? [each] : lengthsIn(each),
  );
}

describe('no duration is negative, whatever the clock does', () => {
  test('in finished and unfinished reports, their JSON and their texts', () => {
    const at = fc.integer({ min: -1e6, max: 1e6 });
    fc.assert(
      fc.property(fc.array(at, { minLength: EVENTS.length, maxLength: EVENTS.length }), at, (times, now) => {
        const events = EVENTS.map((event, index) => ({
          ...event,
          at: times[index] ?? 0,
          lateMs: times[index] ?? 0,
        }));
        const whole = foldReport(events);
        const part = foldReport(events.slice(0, 8));
        if (whole === undefined || part === undefined) throw new Error('No run has started.');
        const awaited = [
          {
            phase: 'drain',
            task: 'http',
            elapsedMs: 1,
            allowedMs: 1,
            inFlight: [{ name: 'GET /', ageMs: -3 }],
          },
        ];
        for (const report of [whole, part, reportSoFar(part, { now, awaited, end: { kind: 'deadline' } })]) {
          const json = reportToJson(report);
          for (const length of lengthsIn(json)) expect(length).toBeGreaterThanOrEqual(0);
          expect(`${timeline(report)}${shortReport(report, 4_096)}`).not.toMatch(/ -\d/);
        }
      }),
    );
  });

  test.each([-33, -0.4, NaN])('in the error of a task with a timeout of %d ms', (ms) => {
    const error = new ShutdownTimeoutError('pool', 'close', ms);
    expect(error.message).toContain('timed out after 0 ms.');
    expect(error.allowedMs).toBe(0);
  });
});
