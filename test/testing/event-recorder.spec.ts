import { EventRecorder } from '../../lib/testing/event-recorder.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { prepareRun, runPlan } from '../../lib/testing/run-plan.js';
import { endlessTask, failingTask, instantTask, timedTask } from '../run/timed-task.js';

describe('an event recorder', () => {
  test('says what happened in short words', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: [
        { name: 'work', timeout: 20 },
        { name: 'off', timeout: 20, enabled: false },
      ],
      tasks: [
        timedTask(clock, 'slow', { ms: 15 }),
        failingTask('broken'),
        timedTask(clock, 'late', { ms: 30 }),
        instantTask('left out', { phase: 'off' }),
      ],
      progressInterval: 10,
    });
    const ended = run.start({ kind: 'close' });
    void run.start({ kind: 'message' });
    await clock.runUntil(ended);
    await clock.advance(100);

    expect(recorder.words).toEqual([
      'start run',
      'start work',
      'start slow',
      'start broken',
      'start late',
      'join run',
      'failed broken',
      'await slow, late',
      'completed slow',
      'timed-out late',
      'end work',
      'skip off',
      'skip left out',
      'timed-out run',
      'late late',
    ]);
    expect(recorder.started).toEqual(['slow', 'broken', 'late']);
  });

  test('accepts an order that was kept', async () => {
    const { recorder } = await runPlan({
      phases: [{ name: 'work', mode: 'sequential', timeout: 20 }],
      tasks: [instantTask('a'), instantTask('b'), instantTask('c')],
    });

    expect(() => recorder.expectOrder('a', 'b', 'c')).not.toThrow();
    expect(() => recorder.expectOrder()).not.toThrow();
  });

  test.each([
    ['that was not kept', ['b', 'a']],
    ['of tasks that ran side by side', ['a', 'endless']],
    ['with a task that never ran', ['a', 'nobody']],
  ])('refuses an order %s, and shows what happened', async (_, order) => {
    const { recorder } = await runPlan({
      phases: [{ name: 'work', timeout: 20 }],
      tasks: [endlessTask('endless'), instantTask('a', { after: [] }), instantTask('b', { after: ['a'] })],
    });

    expect(() => recorder.expectOrder(...order)).toThrow(
      `Expected '${order[0]}' to end before '${order[1]}' starts, but what happened was:\n  start run\n`,
    );
  });

  test('checks the order of phases', async () => {
    const { recorder } = await runPlan({
      phases: [
        { name: 'first', timeout: 20 },
        { name: 'second', timeout: 20 },
        { name: 'beside', timeout: 20, after: [] },
      ],
      tasks: [instantTask('a', { phase: 'first' })],
    });

    expect(() => recorder.expectPhaseOrder('first', 'second')).not.toThrow();
    expect(() => recorder.expectPhaseOrder('second', 'first')).toThrow(
      "Expected 'second' to end before 'first' starts, but what happened was:",
    );
  });

  test('checks how tasks ended, and tells all that is wrong at once', async () => {
    const { recorder } = await runPlan({
      phases: [
        { name: 'work', timeout: 20 },
        { name: 'off', timeout: 20, enabled: false },
      ],
      tasks: [instantTask('a'), failingTask('broken'), instantTask('left out', { phase: 'off' })],
    });

    expect(() => recorder.expectOutcomes({ a: 'completed', 'left out': 'skipped' })).not.toThrow();
    expect(() => recorder.expectOutcomes({ a: 'failed', brokn: 'failed' })).toThrow(
      /^'a' ended as 'completed', expected 'failed'\n'brokn' neither ended nor was skipped\. Did you mean 'broken'\?/,
    );
  });

  test('can listen to anything that hands out events', () => {
    const recorder = new EventRecorder();
    const { listener } = recorder;
    listener({ type: 'run-joined', at: 1, reason: { kind: 'close' } });

    expect(recorder.words).toEqual(['join run']);
  });
});

describe('prepareRun', () => {
  test('throws with all mistakes of phases and tasks', () => {
    expect(() =>
      prepareRun({ phases: [{ name: 'work', timeout: 0 }], tasks: [instantTask('a', { phase: 'wrk' })] }),
    ).toThrow(/\(2 problems\):[^]*SHUTDOWN_INVALID_TIMEOUT[^]*SHUTDOWN_UNKNOWN_PHASE/);
  });
});
