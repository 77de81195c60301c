import type { ShutdownReason } from '../../lib/plan/reason.js';
import { foldReport } from '../../lib/report/fold-report.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { prepareRun } from '../../lib/testing/run-plan.js';
import { timedTask } from './timed-task.js';

const SIGTERM: ShutdownReason = { kind: 'signal', signal: 'SIGTERM' };
const CLOSE: ShutdownReason = { kind: 'close' };
const MESSAGE: ShutdownReason = { kind: 'message' };

function harness() {
  const clock = new ManualClock(1_000_000);
  let calls = 0;
  const task = timedTask(clock, 'pool', { ms: 10 });
  const counted = {
    ...task,
    run: () => {
      calls += 1;
      return clock.sleep(10);
    },
  };
  const prepared = prepareRun({ clock, phases: [{ name: 'work', timeout: 100 }], tasks: [counted] });
  return { ...prepared, calls: () => calls };
}

describe('rule 1: one run per app', () => {
  test('returns the promise of the first caller to the second one', async () => {
    const { run, clock, calls } = harness();
    const first = run.start(SIGTERM);
    const second = run.start(CLOSE);

    expect(second).toBe(first);
    await expect(clock.runUntil(second)).resolves.toBe('completed');
    expect(calls()).toBe(1);
  });

  test('keeps the first reason when triggered twice, and reports the later ones in order', async () => {
    const { run, clock, recorder } = harness();
    const ended = run.start(SIGTERM);
    void run.start(CLOSE);
    void run.start(MESSAGE);
    await clock.runUntil(ended);
    const report = foldReport(recorder.events);

    expect(report?.reason).toBe(SIGTERM);
    expect(report?.joinedReasons).toEqual([CLOSE, MESSAGE]);
  });

  test('passes the first reason to the tasks', async () => {
    const clock = new ManualClock();
    const told: ShutdownReason[] = [];
    const { run } = prepareRun({
      clock,
      phases: [
        { name: 'first', timeout: 10 },
        { name: 'second', timeout: 10 },
      ],
      tasks: [
        { name: 'joiner', phase: 'first', run: () => void run.start(CLOSE) },
        { name: 'asker', phase: 'second', run: ({ reason }) => void told.push(reason) },
      ],
    });
    await clock.runUntil(run.start(SIGTERM));

    expect(told).toEqual([SIGTERM]);
  });

  test('returns the same promise after the end, and runs nothing again', async () => {
    const { run, clock, recorder, calls } = harness();
    const first = run.start(SIGTERM);
    await clock.runUntil(first);
    const eventCount = recorder.events.length;

    expect(run.start(CLOSE)).toBe(first);
    await clock.advance(60_000);
    expect(calls()).toBe(1);
    expect(recorder.events).toHaveLength(eventCount);
    expect(run.status).toBe('finished');
  });

  test('lets a listener of the start join the run', async () => {
    const { run, clock, recorder } = harness();
    run.listen((event) => {
      if (event.type === 'run-started') void run.start(CLOSE);
    });
    await clock.runUntil(run.start(SIGTERM));

    expect(recorder.words).toEqual([
      'start run',
      'join run',
      'start work',
      'start pool',
      'completed pool',
      'end work',
      'completed run',
    ]);
  });

  test('has the status idle, running, then finished', async () => {
    const { run, clock } = harness();
    const seen: string[] = [run.status];
    const ended = run.start(SIGTERM);
    seen.push(run.status);
    await clock.runUntil(ended);
    seen.push(run.status);

    expect(seen).toEqual(['idle', 'running', 'finished']);
  });
});

describe('a run with `from`', () => {
  const phases = [
    { name: 'drain', timeout: 100 },
    { name: 'flush', timeout: 100 },
    { name: 'aside', timeout: 100, after: [] },
    { name: 'close', timeout: 100, after: ['flush'] },
  ];
  const tasks = ['drain', 'flush', 'aside', 'close'].map((phase) => ({
    name: `${phase}.task`,
    phase,
    run: () => undefined,
  }));

  test('skips the phases before it, and no others', async () => {
    const { run, clock, recorder } = prepareRun({ phases, tasks });
    await clock.runUntil(run.start(SIGTERM, { from: 'flush' }));
    const report = foldReport(recorder.events);

    expect(recorder.started).toEqual(expect.arrayContaining(['aside.task', 'flush.task', 'close.task']));
    expect(recorder.started).toHaveLength(3);
    expect(report?.phases.find(({ name }) => name === 'drain')).toMatchObject({
      outcome: 'skipped',
      skippedBecause: 'before-from',
      tasks: [{ name: 'drain.task', outcome: 'skipped', skippedBecause: 'before-from' }],
    });
    expect(report?.outcome).toBe('completed');
  });

  test('rejects an unknown phase with the nearest name, and runs nothing', async () => {
    const { run, clock, recorder } = prepareRun({ phases, tasks });

    await expect(run.start(SIGTERM, { from: 'flsh' })).rejects.toMatchObject({
      code: 'SHUTDOWN_CONFIGURATION',
      mistakes: [
        {
          code: 'SHUTDOWN_UNKNOWN_PHASE',
          path: 'from',
          message: expect.stringContaining("Did you mean 'flush'?"),
        },
      ],
    });
    expect(recorder.events).toEqual([]);
    expect(run.status).toBe('idle');
    expect(clock.pending).toBe(0);
  });

  test('can still be started after such a rejection', async () => {
    const { run, clock } = prepareRun({ phases, tasks });
    await expect(run.start(SIGTERM, { from: 'nowhere' })).rejects.toThrow("unknown phase 'nowhere'");

    await expect(clock.runUntil(run.start(SIGTERM))).resolves.toBe('completed');
  });
});
