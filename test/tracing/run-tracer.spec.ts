import { SHUTDOWN_CHANNELS, type ShutdownTrace } from '../../lib/tracing/trace.js';
import { traceShutdown } from '../../lib/tracing/trace-shutdown.js';
import { traceRun } from '../../lib/tracing/run-tracer.js';
import { prepareRun, type RunHarnessOptions } from '../../lib/testing/run-plan.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { endlessTask, failingTask, instantTask, timedTask } from '../run/timed-task.js';

type Step = 'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error';

const STEPS: readonly Step[] = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'];
const off: (() => void)[] = [];

afterEach(() => {
  for (const each of off.splice(0)) each();
});

/** Everything that is published on the channels of a kind, in order. */
function published(
  ...kinds: readonly (keyof typeof SHUTDOWN_CHANNELS)[]
): { step: string; trace: unknown }[] {
  const seen: { step: string; trace: unknown }[] = [];
  for (const kind of kinds) {
    for (const step of STEPS) {
      const channel = SHUTDOWN_CHANNELS[kind][step];
      const note = (trace: unknown): void => void seen.push({ step: `${kind} ${step}`, trace });
      channel.subscribe(note);
      off.push(() => channel.unsubscribe(note));
    }
  }
  return seen;
}

function traced(options: RunHarnessOptions) {
  const harness = prepareRun(options);
  const failures: unknown[] = [];
  const listener = traceRun((error) => void failures.push(error));
  if (listener !== undefined) harness.run.listen(listener);
  return { ...harness, failures };
}

const PHASES = [
  { name: 'first', timeout: 50 },
  { name: 'second', timeout: 50 },
];

describe('the tracing channels', () => {
  test('publish run, phase and task in the event order of Node', async () => {
    const seen = published('run', 'phase', 'task');
    await traced({ phases: [{ name: 'work', timeout: 50 }], tasks: [instantTask('a')] }).finish();

    expect(seen.map(({ step }) => step)).toEqual([
      'run start',
      'run end',
      'phase start',
      'phase end',
      'task start',
      'task end',
      'task asyncStart',
      'task asyncEnd',
      'phase asyncStart',
      'phase asyncEnd',
      'run asyncStart',
      'run asyncEnd',
    ]);
  });

  test('are named by the convention of Node', () => {
    expect(Object.values(SHUTDOWN_CHANNELS).map(({ start }) => start.name)).toEqual([
      'tracing:nestjs-phased-shutdown.run:start',
      'tracing:nestjs-phased-shutdown.phase:start',
      'tracing:nestjs-phased-shutdown.task:start',
    ]);
  });

  test('publish one object per run, phase and task, with its parent and its times', async () => {
    const seen = published('task');
    const clock = new ManualClock(1_000);
    await traced({
      clock,
      phases: PHASES,
      tasks: [timedTask(clock, 'a', { ms: 20, phase: 'second' })],
    }).finish();

    const [{ trace } = { trace: undefined }] = seen;
    expect(seen.every((each) => each.trace === trace)).toBe(true);
    expect(trace).toMatchObject({
      kind: 'task',
      name: 'a',
      startedAt: 1_000,
      endedAt: 1_020,
      outcome: 'completed',
      abandoned: false,
      phase: {
        kind: 'phase',
        name: 'second',
        mode: 'parallel',
        taskCount: 1,
        outcome: 'completed',
        run: {
          kind: 'run',
          reason: { kind: 'request' },
          startedAt: 1_000,
          endedAt: 1_020,
          outcome: 'completed',
        },
      },
    });
  });

  test('publish an error before the end, with the work in flight', async () => {
    const seen = published('task');
    const inFlight = [{ name: 'GET /', ageMs: 3 }];
    await traced({
      phases: PHASES,
      tasks: [
        failingTask('broken', { phase: 'first' }),
        endlessTask('stuck', { phase: 'second', inFlight: () => inFlight }),
      ],
    }).finish();

    const step = ({ step: name, trace }: (typeof seen)[number]): string => {
      const task = trace !== null && typeof trace === 'object' && 'name' in trace ? String(trace.name) : '';
      return `${name.slice('task '.length)} ${task}`;
    };
    expect(seen.map(step)).toEqual(
      ['broken', 'stuck'].flatMap((task) =>
        ['start', 'end', 'error', 'asyncStart', 'asyncEnd'].map((each) => `${each} ${task}`),
      ),
    );
    expect(seen.at(-1)?.trace).toMatchObject({
      outcome: 'timed-out',
      abandoned: true,
      error: { code: 'SHUTDOWN_TIMEOUT' },
      inFlight,
    });
  });

  test('publish a task that was registered after its phase had ended, in that phase', async () => {
    const seen = published('task');
    const { run, finish } = traced({
      phases: PHASES,
      tasks: [
        instantTask('early', {
          phase: 'second',
          run: () => void run.register(instantTask('late', { phase: 'first' })),
        }),
      ],
    });
    await finish();
    expect(seen.map(({ trace }) => trace)).toContainEqual(
      expect.objectContaining({
        name: 'late',
        outcome: 'completed',
        phase: expect.objectContaining({ name: 'first' }),
      }),
    );
  });

  test('add no overhead to a run without subscribers', () => {
    expect(traceRun(() => undefined)).toBeUndefined();
  });

  test.each(STEPS)('are active if a single one of them has a subscriber: %s', (step) => {
    const note = (): void => undefined;
    SHUTDOWN_CHANNELS.phase[step].subscribe(note);
    off.push(() => SHUTDOWN_CHANNELS.phase[step].unsubscribe(note));
    expect(traceRun(() => undefined)).toBeDefined();
  });
});

describe('traceShutdown', () => {
  const named = (trace: ShutdownTrace): string => (trace.kind === 'run' ? 'run' : trace.name);

  test('reports each start and each end until it is unsubscribed', async () => {
    const heard: string[] = [];
    const stop = traceShutdown({
      started: (trace) => void heard.push(`start ${named(trace)}`),
      ended: (trace) => void heard.push(`${trace.outcome} ${named(trace)}`),
    });
    const plan = { phases: [{ name: 'work', timeout: 50 }], tasks: [failingTask('a')] };
    await traced(plan).finish();
    stop();
    await traced(plan).finish();

    expect(heard).toEqual(['start run', 'start work', 'start a', 'failed a', 'failed work', 'failed run']);
  });

  test('reports what a subscriber throws to that run, and changes nothing else', async () => {
    const error = new Error('no exporter');
    off.push(
      traceShutdown({
        started: () => {
          throw error;
        },
        ended: ({ kind }) => {
          if (kind === 'task') throw error;
        },
      }),
    );
    const { finish, failures } = traced({
      phases: [{ name: 'work', timeout: 50 }],
      tasks: [instantTask('a')],
    });
    expect((await finish()).outcome).toBe('completed');
    expect(failures).toEqual([error, error, error, error]);
  });

  test('ignores foreign messages on the channels', () => {
    const heard: unknown[] = [];
    off.push(traceShutdown({ started: (trace) => void heard.push(trace) }));
    SHUTDOWN_CHANNELS.task.start.publish('a text');
    SHUTDOWN_CHANNELS.task.start.publish({});
    expect(heard).toEqual([]);
  });
});

describe('an async subscriber of traceShutdown', () => {
  test('has its rejections reported, and the run continues', async () => {
    const broken = new Error('broken exporter');
    const started = (): Promise<never> => Promise.reject(broken);
    off.push(traceShutdown({ started, ended: () => Promise.resolve() }));
    const { finish, failures } = traced({
      phases: [{ name: 'work', timeout: 50 }],
      tasks: [instantTask('a')],
    });
    const { outcome } = await finish();
    await new Promise(setImmediate);

    expect(outcome).toBe('completed');
    expect(failures).toEqual([broken, broken, broken]);
  });

  test('receives a readable error, whatever was thrown', async () => {
    const errors: unknown[] = [];
    off.push(traceShutdown({ ended: (trace) => void ('error' in trace && errors.push(trace.error)) }));
    const odd = Object.assign(new Error('x'), { message: ['a', 'b'] });
    const run = (): never => {
      throw odd;
    };
    await traced({ phases: [{ name: 'work', timeout: 50 }], tasks: [instantTask('a', { run })] }).finish();

    expect(errors).toMatchObject([{ message: 'a; b', cause: odd }]);
  });
});
