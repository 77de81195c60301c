import type { PhaseOptions } from '../../lib/plan/phase.js';
import type { ShutdownContext } from '../../lib/plan/task.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { prepareRun, runPlan } from '../../lib/testing/run-plan.js';
import { endlessTask, failingTask, instantTask, timedTask } from './timed-task.js';

/** A clock on which a millisecond passes between any two looks at it, as on a busy machine. */
class BusyClock extends ManualClock {
  override now(): number {
    this.stall(1);
    return super.now();
  }
}

/** One task per phase, each taking 10 ms. */
function onePerPhase(clock: ManualClock, phases: readonly PhaseOptions[]) {
  return phases.map(({ name }) => timedTask(clock, `${name}.task`, { ms: 10, phase: name }));
}

function startsOf(report: Awaited<ReturnType<typeof runPlan>>['report']) {
  return Object.fromEntries(report.phases.map(({ name, startMs }) => [name, startMs]));
}

describe('rule 3: a phase starts after every phase in its `after`', () => {
  test('runs phases without `after` in the order of the list', async () => {
    const clock = new ManualClock();
    const phases = ['unready', 'drain', 'close'].map((name) => ({ name, timeout: 100 }));
    const { report } = await runPlan({ clock, phases, tasks: onePerPhase(clock, phases) });

    expect(startsOf(report)).toEqual({ unready: 0, drain: 10, close: 20 });
    expect(report.durationMs).toBe(30);
  });

  test('runs independent phases in parallel', async () => {
    const clock = new ManualClock();
    const phases: readonly PhaseOptions[] = [
      { name: 'unready', timeout: 100 },
      { name: 'http', timeout: 100, after: ['unready'] },
      { name: 'brokers', timeout: 100, after: ['unready'] },
      { name: 'close', timeout: 100, after: ['http', 'brokers'] },
      { name: 'metrics', timeout: 100, after: [] },
    ];
    const tasks = [
      ...onePerPhase(clock, phases),
      timedTask(clock, 'slow consumer', { ms: 40, phase: 'brokers' }),
    ];
    const { report } = await runPlan({ clock, phases, tasks });

    expect(startsOf(report)).toEqual({ unready: 0, metrics: 0, http: 10, brokers: 10, close: 50 });
  });

  test('accepts a phase in the list before the phase that it waits for', async () => {
    const clock = new ManualClock();
    const phases: readonly PhaseOptions[] = [
      { name: 'close', timeout: 100, after: ['drain'] },
      { name: 'drain', timeout: 100, after: [] },
    ];
    const { report } = await runPlan({ clock, phases, tasks: onePerPhase(clock, phases) });

    expect(startsOf(report)).toEqual({ drain: 0, close: 10 });
  });

  test('reports the start of a phase when its timeout starts, however long ordering its tasks takes', async () => {
    const deadlines: number[] = [];
    const noteDeadline = ({ deadline }: ShutdownContext): void => void deadlines.push(deadline);
    const { recorder } = await runPlan({
      clock: new BusyClock(1_000_000),
      phases: [{ name: 'work', timeout: 100 }],
      tasks: [{ name: 'task', phase: 'work', run: noteDeadline }],
    });

    const started = recorder.events.find(({ type }) => type === 'phase-started');
    expect(deadlines).toEqual([(started?.at ?? 0) + 100]);
  });

  test('ends a phase without tasks immediately', async () => {
    const { report, recorder } = await runPlan({ phases: [{ name: 'work', timeout: 100 }] });

    expect(recorder.words).toEqual(['start run', 'start work', 'end work', 'completed run']);
    expect(report.phases[0]).toEqual({
      name: 'work',
      mode: 'parallel',
      outcome: 'completed',
      startMs: 0,
      durationMs: 0,
      tasks: [],
    });
  });

  test('runs the phases after a failed one, and the run fails', async () => {
    const clock = new ManualClock();
    const { report } = await runPlan({
      phases: [
        { name: 'drain', timeout: 100 },
        { name: 'close', timeout: 100 },
      ],
      tasks: [failingTask('broken', { phase: 'drain' }), timedTask(clock, 'pool', { ms: 1, phase: 'close' })],
      clock,
    });

    expect(report.phases.map(({ outcome }) => outcome)).toEqual(['failed', 'completed']);
    expect(report.outcome).toBe('failed');
  });
});

describe("rule 3: `onFailure: 'abort'`", () => {
  const phases: readonly PhaseOptions[] = [
    { name: 'first', timeout: 100, onFailure: 'abort' },
    { name: 'child', timeout: 100, after: ['first'] },
    { name: 'grandchild', timeout: 100, after: ['child'] },
    { name: 'aside', timeout: 100, after: [] },
    { name: 'after aside', timeout: 100, after: ['aside'] },
    { name: 'join', timeout: 100, after: ['aside', 'child'] },
  ];

  test('skips and reports the dependent phases, and runs the others', async () => {
    const clock = new ManualClock();
    const tasks = [...onePerPhase(clock, phases), failingTask('breaks', { phase: 'first' })];
    const { report, recorder } = await runPlan({ clock, phases, tasks });
    const outcomes = report.phases.map(({ name, outcome, skippedBecause }) => [
      name,
      outcome,
      skippedBecause,
    ]);

    expect(Object.fromEntries(outcomes.map(([name, ...rest]) => [name, rest]))).toEqual({
      first: ['failed', undefined],
      child: ['skipped', 'aborted'],
      grandchild: ['skipped', 'aborted'],
      join: ['skipped', 'aborted'],
      aside: ['completed', undefined],
      'after aside': ['completed', undefined],
    });
    expect(recorder.started.toSorted()).toEqual(['after aside.task', 'aside.task', 'breaks', 'first.task']);
  });

  test('treats a timeout as a failure', async () => {
    const { report } = await runPlan({
      phases: [
        { name: 'first', timeout: 100, onFailure: 'abort' },
        { name: 'second', timeout: 100 },
      ],
      tasks: [endlessTask('hangs', { phase: 'first' }), instantTask('left out', { phase: 'second' })],
    });

    expect(report.phases[1]).toMatchObject({ outcome: 'skipped', skippedBecause: 'aborted' });
    expect(report.outcome).toBe('timed-out');
  });

  test('lets the other tasks of the failed phase run to their end', async () => {
    const clock = new ManualClock();
    const { report } = await runPlan({
      clock,
      phases: [{ name: 'work', timeout: 100, onFailure: 'abort' }],
      tasks: [failingTask('breaks'), timedTask(clock, 'goes on', { ms: 50 })],
    });

    expect(report.phases[0]?.tasks.map(({ outcome }) => outcome)).toEqual(['failed', 'completed']);
  });

  test('skips nothing if all tasks complete', async () => {
    const clock = new ManualClock();
    const { report } = await runPlan({ clock, phases, tasks: onePerPhase(clock, phases) });

    expect(report.phases.every(({ outcome }) => outcome === 'completed')).toBe(true);
  });
});

describe('rule 3: a disabled phase', () => {
  const phases: readonly PhaseOptions[] = [
    { name: 'first', timeout: 100, enabled: false },
    { name: 'second', timeout: 100 },
  ];

  test('is skipped with the number of its tasks, and the later phases run', async () => {
    const { report, recorder } = await runPlan({
      phases,
      tasks: [
        instantTask('a', { phase: 'first' }),
        instantTask('b', { phase: 'first' }),
        instantTask('c', { phase: 'second' }),
      ],
    });

    expect(recorder.words).toEqual([
      'start run',
      'skip first',
      'skip a',
      'skip b',
      'start second',
      'start c',
      'completed c',
      'end second',
      'completed run',
    ]);
    expect(recorder.events.find(({ type }) => type === 'phase-skipped')).toMatchObject({
      taskCount: 2,
      cause: 'disabled',
    });
    expect(report.outcome).toBe('completed');
  });

  test('does not skip later phases, regardless of its onFailure', async () => {
    const { report } = await runPlan({
      phases: [{ name: 'first', timeout: 100, enabled: false, onFailure: 'abort' }, ...phases.slice(1)],
    });

    expect(report.phases[1]?.outcome).toBe('completed');
  });

  test('does not fail a run in which all phases are disabled', async () => {
    const { report } = await runPlan({ phases: phases.map((phase) => ({ ...phase, enabled: false })) });

    expect(report).toMatchObject({ outcome: 'completed', durationMs: 0 });
  });
});

test('a run of a deep phase graph runs every phase after the previous one', async () => {
  const phases = Array.from({ length: 300 }, (_, index) => ({ name: `phase ${index}`, timeout: 10 }));
  const tasks = phases.map(({ name }) => instantTask(`${name} task`, { phase: name }));
  const { recorder } = await runPlan({ phases, tasks });

  expect(recorder.started).toEqual(tasks.map(({ name }) => name));
});

test('a run without tasks ends without starting a timer', async () => {
  const { run, clock } = prepareRun({ phases: [{ name: 'work', timeout: 10 }] });

  await expect(run.start({ kind: 'close' })).resolves.toBe('completed');
  expect(clock.pending).toBe(0);
});
