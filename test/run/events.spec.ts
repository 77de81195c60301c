import type { ShutdownEvent } from '../../lib/run/events.js';
import { ShutdownRun } from '../../lib/run/shutdown-run.js';
import { TaskRegistry } from '../../lib/run/task-registry.js';
import { MistakeList } from '../../lib/plan/mistake.js';
import { PhaseGraph } from '../../lib/plan/phase-graph.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { prepareRun, runPlan } from '../../lib/testing/run-plan.js';
import { endlessTask, failingTask, instantTask, timedTask } from './timed-task.js';

const REASON = { kind: 'close' } as const;
const PHASES = [{ name: 'work', timeout: 100 }];

describe('the events of a run', () => {
  test('come in pairs, with the times of the clock', async () => {
    const clock = new ManualClock(1_000);
    const failure = new Error('broke');
    const { recorder } = await runPlan({
      clock,
      phases: PHASES,
      tasks: [
        timedTask(clock, 'slow', { ms: 20 }),
        instantTask('broken', {
          run: () => {
            throw failure;
          },
        }),
      ],
      limit: 500,
    });

    expect(recorder.events).toEqual([
      {
        type: 'run-started',
        at: 1_000,
        reason: { kind: 'request', message: 'a test' },
        deadline: 1_500,
        phases: [{ name: 'work', mode: 'parallel' }],
      },
      { type: 'phase-started', at: 1_000, phase: 'work', taskCount: 2 },
      { type: 'task-started', at: 1_000, id: 0, phase: 'work', task: 'slow' },
      { type: 'task-started', at: 1_000, id: 1, phase: 'work', task: 'broken' },
      {
        type: 'task-finished',
        at: 1_000,
        id: 1,
        phase: 'work',
        task: 'broken',
        outcome: 'failed',
        error: failure,
        abandoned: false,
      },
      {
        type: 'task-finished',
        at: 1_020,
        id: 0,
        phase: 'work',
        task: 'slow',
        outcome: 'completed',
        abandoned: false,
      },
      { type: 'phase-finished', at: 1_020, phase: 'work', outcome: 'failed' },
      { type: 'run-finished', at: 1_020, outcome: 'failed' },
    ]);
  });

  test('have no keys without a value', async () => {
    const { recorder } = await runPlan({ phases: PHASES, tasks: [instantTask('plain')] });
    const finished = recorder.events.find(({ type }) => type === 'task-finished');

    expect(Object.keys(finished ?? {}).toSorted()).toEqual([
      'abandoned',
      'at',
      'id',
      'outcome',
      'phase',
      'task',
      'type',
    ]);
  });

  test('list the awaited tasks at each progress interval, with their work in flight', async () => {
    const clock = new ManualClock();
    const { recorder } = await runPlan({
      clock,
      phases: PHASES,
      tasks: [
        endlessTask('http', { inFlight: () => [{ name: 'GET /', ageMs: 7 }] }),
        timedTask(clock, 'short', { ms: 10 }),
        endlessTask('queue', { timeout: 60 }),
      ],
      progressInterval: 40,
    });

    expect(recorder.events.filter(({ type }) => type === 'run-progress')).toEqual([
      {
        type: 'run-progress',
        at: 40,
        elapsedMs: 40,
        awaited: [
          {
            phase: 'work',
            task: 'http',
            elapsedMs: 40,
            allowedMs: 100,
            inFlight: [{ name: 'GET /', ageMs: 7 }],
          },
          { phase: 'work', task: 'queue', elapsedMs: 40, allowedMs: 60 },
        ],
      },
      {
        type: 'run-progress',
        at: 80,
        elapsedMs: 80,
        awaited: [
          {
            phase: 'work',
            task: 'http',
            elapsedMs: 80,
            allowedMs: 100,
            inFlight: [{ name: 'GET /', ageMs: 7 }],
          },
        ],
      },
    ]);
  });

  test('list a task as awaited that was registered after its phase had ended', async () => {
    const clock = new ManualClock();
    const { run, recorder } = prepareRun({
      clock,
      phases: [...PHASES, { name: 'close', timeout: 100 }],
      tasks: [timedTask(clock, 'pool', { ms: 10, phase: 'close' })],
      progressInterval: 30,
    });
    const ended = run.start(REASON);
    await clock.advance(5);
    run.register(timedTask(clock, 'socket', { ms: 40, timeout: 70 }));
    await clock.runUntil(ended);

    expect(recorder.events.filter(({ type }) => type === 'run-progress')).toEqual([
      {
        type: 'run-progress',
        at: 30,
        elapsedMs: 30,
        awaited: [{ phase: 'work', task: 'socket', elapsedMs: 25, allowedMs: 70 }],
      },
    ]);
  });

  test('give each task its own id, also if a name is reused', async () => {
    const { run, recorder, finish } = prepareRun({ phases: [...PHASES, { name: 'close', timeout: 100 }] });
    run.register(instantTask('socket'));
    run.listen((event) => {
      if (event.type === 'phase-started' && event.phase === 'close') run.register(instantTask('socket'));
    });
    await finish();
    const ids = recorder.events.flatMap((event) => (event.type === 'task-started' ? [event.id] : []));

    expect(recorder.started).toEqual(['socket', 'socket']);
    expect(new Set(ids).size).toBe(2);
  });
});

describe('a listener of the run', () => {
  function runWithErrors() {
    const errors: unknown[] = [];
    const registry = new TaskRegistry(PhaseGraph.from(PHASES, new MistakeList()));
    const clock = new ManualClock();
    const run = new ShutdownRun(registry, {
      clock,
      limit: 1_000,
      progressInterval: 500,
      onListenerError: (error) => void errors.push(error),
    });
    run.register(failingTask('broken'));
    run.register(timedTask(clock, 'slow', { ms: 10 }));
    return { run, clock, errors };
  }

  test('that throws does not affect the run, and its error is reported', async () => {
    const { run, clock, errors } = runWithErrors();
    const failure = new Error('no terminal');
    const heard: ShutdownEvent['type'][] = [];
    run.listen(() => {
      throw failure;
    });
    run.listen(({ type }) => void heard.push(type));

    await expect(clock.runUntil(run.start(REASON))).resolves.toBe('failed');
    expect(heard).toEqual([
      'run-started',
      'phase-started',
      'task-started',
      'task-started',
      'task-finished',
      'task-finished',
      'phase-finished',
      'run-finished',
    ]);
    expect(errors).toEqual(heard.map(() => failure));
    expect(clock.pending).toBe(0);
  });

  test('receives nothing after it was removed', async () => {
    const { run, clock } = runWithErrors();
    const heard: string[] = [];
    const off = run.listen(({ type }) => void heard.push(type));
    const ended = run.start(REASON);
    const before = heard.length;
    off();
    off();
    await clock.runUntil(ended);

    expect(heard).toHaveLength(before);
  });

  test('may remove itself without the next one missing the event', async () => {
    const { run, clock } = runWithErrors();
    const heard: string[] = [];
    const off = run.listen(() => off());
    run.listen(({ type }) => void heard.push(type));
    await clock.runUntil(run.start(REASON));

    expect(heard[0]).toBe('run-started');
  });

  test('that was added twice is removed once per call', async () => {
    const { run, clock } = runWithErrors();
    const heard: string[] = [];
    const listener = ({ type }: ShutdownEvent): void => void heard.push(type);
    const off = run.listen(listener);
    run.listen(listener);
    off();
    off();
    await clock.runUntil(run.start(REASON));

    expect(heard.filter((type) => type === 'run-finished')).toHaveLength(1);
  });
});
