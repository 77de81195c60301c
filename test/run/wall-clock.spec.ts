import type { ShutdownContext } from '../../lib/plan/task.js';
import { systemClock } from '../../lib/process/system-clock.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { prepareRun } from '../../lib/testing/run-plan.js';
import { timedTask } from './timed-task.js';

const PHASES = [
  { name: 'work', timeout: 100 },
  { name: 'close', timeout: 100 },
];
const HOUR = 3_600_000;

describe.each([HOUR, -HOUR])('a step of the wall clock by %d ms', (step) => {
  test('before the run: report and deadline still match the wall clock', async () => {
    const clock = new ManualClock(10 * HOUR);
    clock.stepWall(step);
    let context: ShutdownContext | undefined;
    const { finish, recorder } = prepareRun({
      clock,
      phases: PHASES,
      tasks: [{ name: 'task', phase: 'work', run: (given) => void (context = given) }],
    });
    const report = await finish();

    expect(report.startedAt).toBe(10 * HOUR + step);
    expect(context?.deadline).toBe(10 * HOUR + step + 100);
    expect(recorder.events[0]).toMatchObject({ deadline: 10 * HOUR + step + 29_000 });
  });

  test('during the run: no duration changes, and the deadline follows the step', async () => {
    const clock = new ManualClock(10 * HOUR);
    const deadlines: number[] = [];
    const { finish } = prepareRun({
      clock,
      phases: PHASES,
      tasks: [
        {
          name: 'task',
          phase: 'work',
          run: async (context) => {
            deadlines.push(context.deadline);
            await clock.sleep(20);
            clock.stepWall(step);
            deadlines.push(context.deadline);
            await clock.sleep(20);
          },
        },
        timedTask(clock, 'later', { ms: 30, phase: 'close' }),
      ],
    });
    const report = await finish();

    expect(deadlines).toEqual([10 * HOUR + 100, 10 * HOUR + 100 + step]);
    expect(report.outcome).toBe('completed');
    expect(report.durationMs).toBe(70);
    expect(report.phases.map(({ startMs, durationMs }) => [startMs, durationMs])).toEqual([
      [0, 40],
      [40, 30],
    ]);
  });

  test('does not change the meaning of a deadline that a caller passes to run()', async () => {
    const clock = new ManualClock(10 * HOUR);
    clock.stepWall(step);
    const { run, recorder } = prepareRun({
      clock,
      phases: PHASES,
      tasks: [{ name: 'hangs', phase: 'work', run: () => new Promise(() => undefined) }],
    });
    await clock.runUntil(run.start({ kind: 'close' }, { deadline: 10 * HOUR + step + 40 }));

    expect(recorder.events.at(-1)?.at).toBe(10 * HOUR + step + 40);
  });
});

test('the system clock converts its time to wall clock time', () => {
  const now = systemClock.now();

  expect(Math.abs(systemClock.dateOf(now) - Date.now())).toBeLessThan(1_000);
  expect(systemClock.dateOf(now + 5_000) - systemClock.dateOf(now)).toBeGreaterThan(4_000);
});

describe('a process that was suspended beyond a timeout', () => {
  test('gives the task one more turn of the event loop, in which it may end', async () => {
    const clock = new ManualClock();
    let answer: () => void = () => undefined;
    const { run, recorder } = prepareRun({
      clock,
      phases: PHASES,
      tasks: [
        {
          name: 'query',
          phase: 'work',
          timeout: 50,
          run: () => new Promise<void>((resolve) => (answer = resolve)),
        },
      ],
    });
    const ended = run.start({ kind: 'close' });
    clock.stall(10_000);
    // The answer has arrived meanwhile, and is read in the turn after the timers.
    clock.schedule(() => answer(), 0);
    await clock.runUntil(ended);

    expect(recorder.words).toContain('completed query');
  });

  test('times out a task that does not end in that turn, without negative times in the report', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: PHASES,
      tasks: [
        { name: 'hangs', phase: 'work', timeout: 50, run: () => new Promise(() => undefined) },
        { name: 'next', phase: 'work', after: ['hangs'], run: () => new Promise(() => undefined) },
      ],
    });
    const ended = run.start({ kind: 'close' });
    clock.stall(10_000);
    await clock.runUntil(ended);

    expect(recorder.words).toContain('timed-out hangs');
    const errors = recorder.events.flatMap((event) =>
      'error' in event && event.error ? [event.error.message] : [],
    );
    expect(errors.filter((text) => text.includes('-'))).toEqual([]);
  });

  test('starts a task whose phase has timed out in the meantime, with 0 ms allowed', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: [{ name: 'work', mode: 'sequential', timeout: 100 }],
      tasks: [
        // It blocks the loop for longer than the phase has.
        { name: 'blocks', phase: 'work', run: () => clock.stall(133) },
        { name: 'next', phase: 'work', run: () => new Promise(() => undefined) },
      ],
    });
    await clock.runUntil(run.start({ kind: 'close' }));

    const timedOut = recorder.events.find((event) => event.type === 'task-finished' && event.task === 'next');
    expect(timedOut).toMatchObject({
      error: { allowedMs: 0, message: expect.stringContaining('timed out after 0 ms') },
    });
  });
});
