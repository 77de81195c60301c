/* oxlint-disable unicorn/no-thenable -- what somebody may return is the subject */
import type { InFlightItem } from '../../lib/plan/task.js';
import { callForeign, isThenable } from '../../lib/run/foreign-call.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { runPlan } from '../../lib/testing/run-plan.js';
import { ShutdownRun } from '../../lib/run/shutdown-run.js';
import { TaskRegistry } from '../../lib/run/task-registry.js';
import { PhaseGraph } from '../../lib/plan/phase-graph.js';
import { MistakeList } from '../../lib/plan/mistake.js';
import { HOSTILE } from '../hostile.js';
import { endlessTask } from './timed-task.js';

const failure = new Error('no');
const refuse = (): never => {
  throw failure;
};

async function heardOf(call: () => unknown): Promise<readonly unknown[]> {
  const errors: unknown[] = [];
  callForeign(call, (error) => errors.push(error));
  await new Promise(setImmediate);
  return errors;
}

describe('callForeign()', () => {
  test.each<readonly [string, () => unknown]>([
    ['throws', refuse],
    ['rejects', () => Promise.reject(failure)],
    [
      'returns a thenable that rejects',
      () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(failure) }),
    ],
    ['returns a thenable that throws', () => ({ then: refuse })],
  ])('passes on the error of a function that %s', async (_, call) => {
    expect(await heardOf(call)).toEqual([failure]);
  });

  test.each<readonly [string, unknown]>([
    ['nothing', undefined],
    ['a promise that resolves', Promise.resolve()],
    ['a promise that never settles', new Promise(() => undefined)],
    [
      'an object whose `then` cannot be read',
      {
        get then() {
          return refuse();
        },
      },
    ],
    ...Object.entries(HOSTILE).map(([name, make]) => [name, make()] as const),
  ])('reports no error for a function that returns %s', async (_, answer) => {
    expect(await heardOf(() => answer)).toEqual([]);
    expect(typeof isThenable(answer)).toBe('boolean');
  });
});

describe('a listener of the run', () => {
  test('that is async and rejects is reported, and affects neither the run nor other listeners', async () => {
    const clock = new ManualClock(0);
    const errors: unknown[] = [];
    const graph = PhaseGraph.from([{ name: 'work', timeout: 10 }], new MistakeList());
    const run = new ShutdownRun(new TaskRegistry(graph), {
      clock,
      limit: 100,
      progressInterval: 50,
      onListenerError: (error) => void errors.push(error),
    });
    const heard: string[] = [];
    // A listener without types, or one that TypeScript lets be async.
    run.listen((() => Promise.reject(failure)) as () => void);
    run.listen(({ type }) => void heard.push(type));
    await clock.runUntil(run.start({ kind: 'close' }));
    expect(heard.at(-1)).toBe('run-finished');
    expect(errors).toEqual(Array.from(heard, () => failure));
  });
});

describe('the work in flight of a task', () => {
  async function itemsOf(answer: () => unknown): Promise<readonly InFlightItem[] | undefined> {
    const { report } = await runPlan({
      phases: [{ name: 'work', timeout: 100 }],
      tasks: [endlessTask('subject', { inFlight: answer as () => readonly InFlightItem[] })],
    });
    const task = report.phases[0]?.tasks[0];
    expect(task?.outcome).toBe('timed-out');
    return task?.inFlight;
  }

  test.each<readonly [string, () => unknown]>([
    ['throws', refuse],
    ['returns a promise', () => Promise.resolve([{ name: 'late', ageMs: 1 }])],
    ['rejects', () => Promise.reject(failure)],
    ['returns no list', () => 'GET /'],
    [
      'returns unreadable entries',
      () => [
        {
          get name() {
            return refuse();
          },
          ageMs: 1,
        },
      ],
    ],
  ])('is omitted if the function %s', async (_, answer) => {
    expect(await itemsOf(answer)).toBeUndefined();
  });

  test('always has a string as its name and an age that is not negative', async () => {
    const items = [
      { name: Symbol('job'), ageMs: -33 },
      { name: { id: 7 }, ageMs: 'old' },
      'GET /',
      { name: 'a', ageMs: 5 },
    ];
    expect(await itemsOf(() => items)).toEqual([
      { name: 'Symbol(job)', ageMs: 0 },
      { name: '{"id":7}', ageMs: 0 },
      { name: 'GET /', ageMs: 0 },
      { name: 'a', ageMs: 5 },
    ]);
  });
});
