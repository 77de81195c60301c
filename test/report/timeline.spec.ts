import type { PhaseReport, ShutdownReport, TaskReport } from '../../lib/report/shutdown-report.js';
import { timeline } from '../../lib/report/timeline.js';

function task(name: string, settings: Partial<TaskReport> = {}): TaskReport {
  return { name, outcome: 'completed', startMs: 0, durationMs: 10, ...settings };
}

function phase(name: string, settings: Partial<PhaseReport> = {}): PhaseReport {
  return { name, mode: 'parallel', outcome: 'completed', startMs: 0, durationMs: 10, tasks: [], ...settings };
}

function report(...phases: readonly PhaseReport[]): ShutdownReport {
  return {
    reason: { kind: 'close' },
    joinedReasons: [],
    outcome: 'completed',
    startedAt: 0,
    durationMs: Math.max(0, ...phases.map(({ startMs, durationMs }) => startMs + durationMs)),
    phases,
  };
}

function lines(...phases: readonly PhaseReport[]): readonly string[] {
  return timeline(report(...phases)).split('\n');
}

describe('the timeline', () => {
  test('has a line for a cause that cannot be converted to a string', () => {
    const error = new Error('broke', { cause: Object.create(null) });
    expect(lines(phase('close', { tasks: [task('pool', { outcome: 'failed', error })] }))).toContain(
      '    cause: a value without a message',
    );
  });

  test('draws each phase and task to scale', () => {
    expect(
      lines(
        phase('drain', {
          durationMs: 2_100,
          tasks: [task('http', { durationMs: 2_100 }), task('queue', { startMs: 300, durationMs: 900 })],
        }),
        phase('close', {
          startMs: 2_100,
          durationMs: 700,
          outcome: 'failed',
          tasks: [
            task('pool', {
              startMs: 2_100,
              durationMs: 700,
              outcome: 'failed',
              error: new Error('socket\n  hang up', { cause: new Error('ECONNRESET') }),
            }),
          ],
        }),
      ),
    ).toEqual([
      'drain       0 ms ─────────────────────        2 100 ms',
      '  http      0 ms █████████████████████        2 100 ms',
      '  queue   300 ms    █████████                   900 ms',
      'close   2 100 ms                      ───────   700 ms failed',
      '  pool  2 100 ms                      ███████   700 ms failed',
      '    socket hang up',
      '    cause: Error: ECONNRESET',
    ]);
  });

  test('shows what was skipped, and how many tasks', () => {
    const skipped = { outcome: 'skipped', durationMs: 0, skippedBecause: 'disabled' } as const;

    expect(lines(phase('flush', { ...skipped, tasks: [task('a', skipped), task('b', skipped)] }))).toEqual([
      expect.stringMatching(/^flush 0 ms {2,}0 ms skipped \(2\)$/),
      expect.stringMatching(/^ {2}a {2,}0 ms {2,}0 ms skipped$/),
      expect.stringMatching(/^ {2}b {2,}0 ms {2,}0 ms skipped$/),
    ]);
  });

  test('omits a phase that had nothing to do', () => {
    expect(lines(phase('empty', { durationMs: 0 }), phase('work', { tasks: [task('a')] }))).toHaveLength(2);
  });

  test('shows the work in flight, and when a late task settled', () => {
    const text = lines(
      phase('drain', {
        outcome: 'timed-out',
        tasks: [
          task('http', {
            outcome: 'timed-out',
            inFlight: Array.from({ length: 7 }, (_, index) => ({
              name: `GET /${index}`,
              ageMs: 1_000 + index,
            })),
            settledLateMs: 1_500,
          }),
        ],
      }),
    );

    expect(text.slice(2)).toEqual([
      '    in flight: GET /0 1 000 ms',
      '    in flight: GET /1 1 001 ms',
      '    in flight: GET /2 1 002 ms',
      '    in flight: GET /3 1 003 ms',
      '    in flight: GET /4 1 004 ms',
      '    and 2 more in flight',
      '    settled 1 500 ms after its timeout',
    ]);
  });

  test('shows the tasks that did not complete if there are many, and counts the rest', () => {
    const tasks = Array.from({ length: 100 }, (_, index) =>
      task(`t${index}`, index === 90 ? { outcome: 'failed' } : {}),
    );
    const text = lines(phase('close', { tasks }));

    expect(text).toHaveLength(22);
    expect(text.filter((line) => line.includes('t90'))).toHaveLength(1);
    expect(text.at(-1)).toBe('  and 80 more completed');
  });

  test('aligns the bars', () => {
    const text = lines(
      phase('a phase with a name', { durationMs: 90_000, tasks: [task('x', { durationMs: 90_000 })] }),
      phase('b', { startMs: 90_000, outcome: 'timed-out', tasks: [task('y', { startMs: 90_000 })] }),
    );
    const starts = text.map((line) => line.search(/[─█]/));

    expect(starts[0]).toBe(starts[1]);
    expect(starts[2]).toBe(starts[3]);
  });
});

test('the timeline of 200 000 tasks can be printed', () => {
  const tasks = Array.from({ length: 200_000 }, (_, index) => task(`t${index}`, { outcome: 'failed' }));

  expect(lines(phase('close', { tasks }))).toHaveLength(200_001);
});

describe('a line of the timeline has at most 80 columns', () => {
  const long = 'OrdersOutboxWithAVeryLongNameIndeed.publishWhateverIsLeftInTheTable';
  const error = new Error('x'.repeat(300), { cause: new Error('y'.repeat(300)) });
  const inFlight = [{ name: 'z'.repeat(200), ageMs: 2_147_483_647 }];

  test.each([1, 999, 99_999, 1_234_567, 2_147_483_647])('if everything lasts %p ms', (ms) => {
    const times = { startMs: ms, durationMs: ms };
    const outcomes = ['completed', 'failed', 'timed-out', 'skipped'] as const;
    const phases = outcomes.map((outcome) =>
      phase(`${outcome} ${long}`, {
        ...times,
        outcome,
        ...(outcome === 'skipped' ? { skippedBecause: 'before-from' } : {}),
        tasks: Array.from({ length: 1_000 }, (_, index) =>
          task(`${long}${index}`, {
            ...times,
            outcome,
            ...(outcome === 'timed-out' ? { error, inFlight, settledLateMs: ms, abandoned: true } : {}),
          }),
        ),
      }),
    );
    const widest = Math.max(...lines(...phases).map((line) => line.length));

    expect(widest).toBeLessThanOrEqual(80);
  });

  test('if a name contains line breaks', () => {
    expect(lines(phase('a\nb', { tasks: [task('c\n\td')] }))).toHaveLength(2);
  });
});
