import type { Mode } from '../../lib/plan/phase.js';
import type { ShutdownTask } from '../../lib/plan/task.js';
import type { ShutdownRegistration } from '../../lib/run/registration.js';
import type { ShutdownRun } from '../../lib/run/shutdown-run.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { prepareRun, runPlan } from '../../lib/testing/run-plan.js';
import { instantTask } from './timed-task.js';

const MANY = 20_000;
/** Deeper than the call stack would reach if each level took a few frames of the engine. */
const DEEP = 4_000;
const PHASES = [
  { name: 'work', timeout: 1_000 },
  { name: 'close', timeout: 1_000 },
];

/** Registers tasks of a phase, each from the function of the one before it, and counts those that ran. */
function nest(run: ShutdownRun, phase: string, depth = DEEP) {
  const ran = { count: 0 };
  const next = (): ShutdownTask => ({
    name: `nested ${ran.count}`,
    phase,
    run: () => {
      ran.count += 1;
      if (ran.count < depth) run.register(next());
    },
  });
  return { ran, next };
}

/** Calls a function from so deep in the call stack. */
function atDepth(depth: number, call: () => void): void {
  if (depth === 0) call();
  else atDepth(depth - 1, call);
}

describe('tasks that register each other, 4 000 deep', () => {
  test.each([0, 3, 100])('all run in an open phase, and the later phase runs (stack + %d)', async (pad) => {
    const { run, recorder, finish } = prepareRun({
      phases: PHASES,
      tasks: [instantTask('last', { phase: 'close' })],
    });
    const { ran, next } = nest(run, 'work');
    run.register(instantTask('first', { run: () => atDepth(pad, () => void run.register(next())) }));
    const report = await finish();

    expect(ran.count).toBe(DEEP);
    expect(recorder.words.slice(-4)).toEqual(['start last', 'completed last', 'end close', 'completed run']);
    expect(report.outcome).toBe('completed');
  });

  test('all run in a phase that has ended, and the run waits for them', async () => {
    const { run, finish } = prepareRun({ phases: PHASES });
    const { ran, next } = nest(run, 'work');
    run.register(instantTask('opens', { phase: 'close', run: () => void run.register(next()) }));
    const report = await finish();

    expect(ran.count).toBe(DEEP);
    expect(report.phases[0]?.tasks).toHaveLength(DEEP);
  });

  test('all run in a later phase when it starts', async () => {
    const { run, finish } = prepareRun({ phases: PHASES });
    const { ran, next } = nest(run, 'close');
    run.register(instantTask('opens', { run: () => void run.register(next()) }));
    await finish();

    expect(ran.count).toBe(DEEP);
  });

  test('all run after the end of the run', async () => {
    const { run, finish } = prepareRun({ phases: PHASES });
    await finish();
    const { ran, next } = nest(run, 'work');
    run.register(next());

    expect(ran.count).toBe(DEEP);
  });

  test('are all reported as skipped in a skipped phase', async () => {
    const { run, recorder, finish } = prepareRun({
      phases: [{ name: 'off', timeout: 100, enabled: false }, ...PHASES],
    });
    let count = 0;
    run.listen((event) => {
      if (event.type !== 'phase-skipped' && event.type !== 'task-skipped') return;
      count += 1;
      if (count < DEEP) run.register(instantTask(`skipped ${count}`, { phase: 'off' }));
    });
    await finish();

    expect(recorder.words.filter((word) => word.startsWith('skip skipped'))).toHaveLength(DEEP - 1);
    expect(recorder.words.at(-1)).toBe('completed run');
  });
});

test.each(['work', 'close'])(
  'an endless chain of tasks that register each other is rejected, and the later phase runs (in %s)',
  async (phase) => {
    const { run, finish } = prepareRun({ phases: PHASES, tasks: [instantTask('last', { phase: 'close' })] });
    const { ran, next } = nest(run, phase, Infinity);
    run.register(instantTask('first', { run: () => void run.register(next()) }));
    const report = await finish();

    expect(ran.count).toBeGreaterThan(DEEP);
    expect(report.outcome).toBe('failed');
    const tasks = report.phases.flatMap((each) => each.tasks);
    expect(tasks.find(({ name }) => name === 'last')?.outcome).toBe('completed');
    expect(tasks.find(({ outcome }) => outcome === 'failed')?.error?.message).toContain(
      '5000 tasks registered each other from their own functions, which looks endless.',
    );
  },
);

test('a listener can register a task at each of 4 000 starts', async () => {
  const { run, finish } = prepareRun({ phases: PHASES, tasks: [instantTask('first')] });
  let count = 0;
  run.listen((event) => {
    if (event.type !== 'task-started' || count === DEEP) return;
    count += 1;
    run.register(instantTask(`task ${count}`));
  });
  const report = await finish();

  expect(report.phases[0]?.tasks).toHaveLength(DEEP + 1);
});

test('tasks that dispose each other, 4 000 deep, all run', async () => {
  const { run, finish } = prepareRun({ phases: PHASES, tasks: [instantTask('last', { phase: 'close' })] });
  const registrations: ShutdownRegistration[] = [];
  let ran = 0;
  for (let index = 0; index < DEEP; index += 1) {
    const task = instantTask(`task ${index}`, {
      phase: 'close',
      run: () => {
        ran += 1;
        return registrations[index + 1]?.[Symbol.asyncDispose]().then(() => undefined);
      },
    });
    registrations.push(run.register(task));
  }
  const disposed = registrations[0]?.[Symbol.asyncDispose]();
  await disposed;

  expect(ran).toBe(DEEP);
  expect((await finish()).outcome).toBe('completed');
});

test('a task that is disposed 4 000 times settles all 4 000 promises', async () => {
  const clock = new ManualClock();
  const { run } = prepareRun({ clock, phases: PHASES });
  const registration = run.register({ name: 'pool', phase: 'close', run: () => clock.sleep(5) });
  const disposed = Promise.all(Array.from({ length: DEEP }, () => registration[Symbol.asyncDispose]()));
  await clock.advance(5);

  await expect(disposed).resolves.toHaveLength(DEEP);
});

test.each<Mode>(['parallel', 'sequential', 'dependency'])(
  '20 000 synchronous tasks all run in %s mode',
  async (mode) => {
    const owners = Array.from({ length: MANY }, (_, index) => ({ index }));
    const injections = new Map(owners.map((owner, index) => [owner, owners.slice(index + 1, index + 2)]));
    const { report } = await runPlan({
      phases: [{ name: 'work', mode, timeout: 1_000 }],
      tasks: owners.map((owner, index) => instantTask(`task ${index}`, { owner })),
      injections,
    });

    expect(report.phases[0]?.tasks.filter(({ outcome }) => outcome === 'completed')).toHaveLength(MANY);
  },
);

test('1 000 phases in a chain all run, each with a synchronous task', async () => {
  const phases = Array.from({ length: 1_000 }, (_, index) => ({ name: `phase ${index}`, timeout: 20 }));
  const { report } = await runPlan({
    phases,
    tasks: phases.map(({ name }) => instantTask(`in ${name}`, { phase: name })),
  });

  expect(report.phases.every(({ outcome }) => outcome === 'completed')).toBe(true);
});

test('a task that overflows the stack while registering does not affect the later phase', async () => {
  const { run, clock, finish } = prepareRun({
    phases: PHASES,
    tasks: [instantTask('last', { phase: 'close' })],
  });
  let count = 0;
  const overflow = (): void => {
    try {
      overflow();
    } catch {
      count += 1;
      if (count < 50) run.register(instantTask(`late ${count}`));
      throw new RangeError('the stack ended');
    }
  };
  run.register(instantTask('deep', { run: overflow }));
  const report = await finish();
  await clock.advance(0);

  expect(report.phases[1]?.tasks).toEqual([expect.objectContaining({ name: 'last', outcome: 'completed' })]);
});
