import type { ShutdownContext, ShutdownTask } from '../../lib/plan/task.js';
import type { Clock, Timer } from '../../lib/run/clock.js';
import { ShutdownTimeoutError } from '../../lib/run/errors.js';
import { foldReport } from '../../lib/report/fold-report.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { prepareRun, runPlan } from '../../lib/testing/run-plan.js';
import { endlessTask, instantTask, timedTask } from './timed-task.js';

/** A task that never settles and hands out its context. */
function watched(name: string, settings: Partial<ShutdownTask> = {}) {
  const contexts: ShutdownContext[] = [];
  const task: ShutdownTask = {
    ...endlessTask(name, settings),
    run: (context) => {
      contexts.push(context);
      return new Promise(() => undefined);
    },
  };
  return { task, context: () => contexts[0] };
}

/** A manual clock that remembers for how long each timer was set. */
class ListeningClock extends ManualClock implements Clock {
  readonly delays: number[] = [];

  override schedule(callback: () => void, delayMs: number): Timer {
    this.delays.push(delayMs);
    return super.schedule(callback, delayMs);
  }
}

describe('rule 5: a task times out', () => {
  test('at its own timeout if that comes first', async () => {
    const { task, context } = watched('hangs', { timeout: 30 });
    const { report } = await runPlan({ phases: [{ name: 'work', timeout: 100 }], tasks: [task] });

    expect(report.phases[0]).toMatchObject({
      outcome: 'timed-out',
      durationMs: 30,
      tasks: [{ name: 'hangs', outcome: 'timed-out', abandoned: true, durationMs: 30 }],
    });
    expect(context()?.deadline).toBe(1_000_030);
  });

  test('at the timeout of its phase, counted from the start of the phase', async () => {
    const clock = new ManualClock(500);
    const { task, context } = watched('hangs', { timeout: 100, after: ['slow'] });
    const { report } = await runPlan({
      clock,
      phases: [{ name: 'work', timeout: 100 }],
      tasks: [timedTask(clock, 'slow', { ms: 60 }), task],
    });

    expect(report.phases[0]?.tasks[1]).toMatchObject({ startMs: 60, durationMs: 40, outcome: 'timed-out' });
    expect(context()?.deadline).toBe(600);
  });

  test('at the hard deadline of the run', async () => {
    const { task, context } = watched('hangs');
    const { report } = await runPlan({
      phases: [{ name: 'work', timeout: 100 }],
      tasks: [task],
      limit: 70,
    });

    expect(report).toMatchObject({ outcome: 'timed-out', durationMs: 70 });
    expect(context()?.deadline).toBe(1_000_070);
  });

  test('at a deadline that was set before the run started', async () => {
    const { run, clock } = prepareRun({
      phases: [{ name: 'work', timeout: 100 }],
      tasks: [endlessTask('hangs')],
    });
    const ended = run.start({ kind: 'close' }, { deadline: clock.now() + 20 });

    await expect(clock.runUntil(ended)).resolves.toBe('timed-out');
    expect(clock.now()).toBe(1_000_020);
  });

  test('before it starts if the deadline has passed: every phase is skipped', async () => {
    const { run, clock, recorder } = prepareRun({
      phases: [{ name: 'work', timeout: 100 }],
      tasks: [instantTask('late')],
    });
    const outcome = await run.start({ kind: 'close' }, { deadline: clock.now() });

    expect(outcome).toBe('timed-out');
    expect(recorder.words).toEqual(['start run', 'skip work', 'skip late', 'timed-out run']);
    expect(clock.pending).toBe(0);
  });

  test('at the hard deadline, and the later phases are skipped with their cause', async () => {
    const { report } = await runPlan({
      phases: [
        { name: 'work', timeout: 100 },
        { name: 'close', timeout: 100 },
      ],
      tasks: [endlessTask('hangs'), instantTask('left out', { phase: 'close' })],
      limit: 50,
    });

    expect(report.phases[1]).toMatchObject({
      outcome: 'skipped',
      skippedBecause: 'deadline',
      tasks: [{ name: 'left out', skippedBecause: 'deadline' }],
    });
  });
});

describe('rule 5: when a task times out', () => {
  test('its signal aborts with a ShutdownTimeoutError that names the task', async () => {
    const { task, context } = watched('Outbox.flush', { timeout: 30 });
    const { report } = await runPlan({ phases: [{ name: 'work', timeout: 100 }], tasks: [task] });
    const reason: unknown = context()?.signal.reason;

    expect(context()?.signal.aborted).toBe(true);
    expect(reason).toBeInstanceOf(ShutdownTimeoutError);
    expect(reason).toMatchObject({
      code: 'SHUTDOWN_TIMEOUT',
      task: 'Outbox.flush',
      phase: 'work',
      allowedMs: 30,
      message:
        "'Outbox.flush' in phase 'work' timed out after 30 ms. Its signal was aborted, and the shutdown continued without it.",
    });
    expect(report.phases[0]?.tasks[0]?.error).toBe(reason);
  });

  test('the message groups the digits of a long timeout', () => {
    expect(new ShutdownTimeoutError('HttpDrain', 'drain', 15_000).message).toContain(
      'timed out after 15 000 ms.',
    );
  });

  test('a signal that was read before the timeout aborts', async () => {
    const aborted: string[] = [];
    await runPlan({
      phases: [{ name: 'work', timeout: 100 }],
      tasks: [
        {
          name: 'listens',
          phase: 'work',
          run: ({ signal }) =>
            new Promise<void>((resolve) => {
              signal.addEventListener('abort', () => {
                aborted.push('listens');
                resolve();
              });
            }),
        },
      ],
    });

    expect(aborted).toEqual(['listens']);
  });

  test('the signals of tasks that ended in time do not abort', async () => {
    const signals: AbortSignal[] = [];
    const clock = new ManualClock();
    await runPlan({
      clock,
      phases: [{ name: 'work', timeout: 100 }],
      tasks: [
        endlessTask('hangs'),
        {
          name: 'ends',
          phase: 'work',
          run: ({ signal }) => {
            signals.push(signal);
            return clock.sleep(5);
          },
        },
      ],
    });

    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });

  test('the run continues without it', async () => {
    const { report, recorder } = await runPlan({
      phases: [
        { name: 'work', timeout: 100 },
        { name: 'close', timeout: 100 },
      ],
      tasks: [endlessTask('hangs', { timeout: 10 }), instantTask('pool', { phase: 'close' })],
    });

    expect(recorder.started).toEqual(['hangs', 'pool']);
    expect(report).toMatchObject({ outcome: 'timed-out', durationMs: 10 });
  });

  test('the tasks that wait for it start', async () => {
    const { report } = await runPlan({
      phases: [{ name: 'work', mode: 'sequential', timeout: 100 }],
      tasks: [endlessTask('hangs', { timeout: 10 }), instantTask('next')],
    });

    expect(report.phases[0]?.tasks[1]).toMatchObject({ name: 'next', startMs: 10, outcome: 'completed' });
  });

  test('the tasks that are queued at the timeout of the phase are skipped', async () => {
    const { recorder, report, clock } = await runPlan({
      phases: [{ name: 'work', mode: 'sequential', timeout: 100 }],
      tasks: [endlessTask('hangs'), instantTask('second'), instantTask('third')],
    });

    expect(recorder.words).toEqual([
      'start run',
      'start work',
      'start hangs',
      'timed-out hangs',
      'skip second',
      'skip third',
      'end work',
      'timed-out run',
    ]);
    expect(report.phases[0]?.tasks.map(({ skippedBecause }) => skippedBecause)).toEqual([
      undefined,
      'phase-timeout',
      'phase-timeout',
    ]);
    expect(clock.pending).toBe(0);
  });

  test('its work in flight is reported', async () => {
    const inFlight = [{ name: 'GET /orders', ageMs: 40 }];
    const { report } = await runPlan({
      phases: [{ name: 'work', timeout: 100 }],
      tasks: [
        endlessTask('http', { inFlight: () => inFlight }),
        endlessTask('idle', { inFlight: () => [] }),
        endlessTask('broken', {
          inFlight: () => {
            throw new Error('no idea');
          },
        }),
      ],
    });

    expect(report.phases[0]?.tasks.map((task) => task.inFlight)).toEqual([inFlight, undefined, undefined]);
  });
});

describe('rule 5: a task that settles after its timeout', () => {
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => void rejections.push(reason);
  beforeEach(() => {
    rejections.length = 0;
    process.on('unhandledRejection', note);
  });
  afterEach(() => {
    process.off('unhandledRejection', note);
  });

  test('is reported with its delay and outcome', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: [{ name: 'work', timeout: 100 }],
      tasks: [timedTask(clock, 'slow', { ms: 40, timeout: 30 }), timedTask(clock, 'other', { ms: 80 })],
    });
    await clock.runUntil(run.start({ kind: 'close' }));
    const report = foldReport(recorder.events);

    expect(recorder.events.find(({ type }) => type === 'task-settled-late')).toMatchObject({
      task: 'slow',
      lateMs: 10,
      outcome: 'completed',
    });
    expect(report?.phases[0]?.tasks[0]).toMatchObject({ outcome: 'timed-out', settledLateMs: 10 });
  });

  test('is reported after the end of the run, without changing its outcome', async () => {
    const clock = new ManualClock();
    const { recorder, report } = await runPlan({
      clock,
      phases: [{ name: 'work', timeout: 10 }],
      tasks: [timedTask(clock, 'slow', { ms: 500 })],
    });
    await clock.advance(1_000);
    const later = foldReport(recorder.events);

    expect(recorder.words.slice(-2)).toEqual(['timed-out run', 'late slow']);
    expect(later).toMatchObject({ outcome: 'timed-out', durationMs: report.durationMs });
    expect(later?.phases[0]?.tasks[0]?.settledLateMs).toBe(490);
  });

  test('does not cause an unhandled rejection when it rejects', async () => {
    const clock = new ManualClock();
    const failure = new Error('too late');
    const { recorder } = await runPlan({
      clock,
      phases: [{ name: 'work', timeout: 10 }],
      tasks: [
        {
          name: 'slow',
          phase: 'work',
          run: async () => {
            await clock.sleep(50);
            throw failure;
          },
        },
      ],
    });
    await clock.advance(100);

    expect(recorder.events.at(-1)).toMatchObject({
      type: 'task-settled-late',
      outcome: 'failed',
      error: failure,
    });
    expect(rejections).toEqual([]);
  });
});

describe('the timers of a run', () => {
  test('are one per phase, and one per task with a shorter timeout', async () => {
    const clock = new ListeningClock();
    await runPlan({
      clock,
      phases: [
        { name: 'work', timeout: 1_000 },
        { name: 'close', timeout: 700 },
      ],
      tasks: [
        instantTask('a'),
        instantTask('b', { timeout: 1_000 }),
        instantTask('c', { timeout: 400 }),
        instantTask('d', { phase: 'close' }),
      ],
      progressInterval: 5_000,
    });

    expect(clock.delays.toSorted((a, b) => a - b)).toEqual([400, 700, 1_000, 5_000]);
  });

  test('are at most two for 10 000 tasks without their own timeout', async () => {
    const clock = new ListeningClock();
    await runPlan({
      clock,
      phases: [{ name: 'work', timeout: 1_000 }],
      tasks: Array.from({ length: 10_000 }, (_, index) => instantTask(`task ${index}`)),
    });

    expect(clock.delays).toEqual([5_000, 1_000]);
  });

  test.each(['parallel', 'sequential', 'dependency'] as const)(
    'are all cleared at the end of a run in %s mode',
    async (mode) => {
      const clock = new ManualClock();
      await runPlan({
        clock,
        phases: [{ name: 'work', mode, timeout: 1_000 }],
        tasks: [
          instantTask('instant', { timeout: 400 }),
          { name: 'throws', phase: 'work', timeout: 400, run: () => Promise.reject(new Error('broke')) },
          endlessTask('hangs', { timeout: 300 }),
        ],
      });

      expect(clock.pending).toBe(0);
    },
  );
});
