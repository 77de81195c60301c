/* oxlint-disable unicorn/no-thenable -- what a task may return is the subject */
import type { TaskReport } from '../../lib/report/shutdown-report.js';
import { ShutdownTaskError } from '../../lib/run/errors.js';
import { runPlan } from '../../lib/testing/run-plan.js';
import { instantTask } from './timed-task.js';

const failure = new Error('pool is gone', { cause: new Error('ECONNRESET') });

function revokedProxy(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** What the report says about a task with this function, which has a neighbour that completes. */
async function reported(run: () => unknown): Promise<TaskReport | undefined> {
  const { report, clock } = await runPlan({
    phases: [{ name: 'work', timeout: 100 }],
    tasks: [{ name: 'subject', phase: 'work', run }, instantTask('neighbour')],
  });
  const neighbour = report.phases[0]?.tasks.find(({ name }) => name === 'neighbour');
  expect(neighbour?.outcome).toBe('completed');
  expect(clock.pending).toBe(0);
  return report.phases[0]?.tasks.find(({ name }) => name === 'subject');
}

describe('rule 6: the run handles whatever a task returns or throws', () => {
  test.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['a value', () => 42],
    ['null', () => null],
    ['a string', () => 'done'],
    ['an object', () => ({ closed: true })],
    ['a function', () => () => undefined],
    ['a promise', () => Promise.resolve('closed')],
    ['a thenable', () => ({ then: (resolve: () => void) => resolve() })],
    [
      'a thenable that is a function',
      () => Object.assign(() => undefined, { then: (resolve: () => void) => resolve() }),
    ],
    [
      'a thenable that settles twice',
      () => ({
        then: (resolve: () => void, reject: (error: Error) => void) => {
          resolve();
          reject(failure);
        },
      }),
    ],
    ['an object whose `then` is no function', () => ({ then: 'later' })],
  ])('%s completes the task', async (_, run) => {
    expect(await reported(run)).toEqual({ name: 'subject', outcome: 'completed', startMs: 0, durationMs: 0 });
  });

  test.each<[string, () => unknown]>([
    [
      'a throw',
      () => {
        throw failure;
      },
    ],
    ['a rejection', () => Promise.reject(failure)],
    [
      'a thenable that rejects',
      () => ({ then: (_: () => void, reject: (error: Error) => void) => reject(failure) }),
    ],
    [
      'a thenable whose `then` throws',
      () => ({
        then: () => {
          throw failure;
        },
      }),
    ],
    [
      'a thenable whose `then` cannot be read',
      () => ({
        get then() {
          throw failure;
        },
      }),
    ],
    [
      'a promise whose `then` was replaced by one that throws',
      () =>
        Object.assign(Promise.resolve(), {
          then: () => {
            throw failure;
          },
        }),
    ],
  ])('%s fails the task, and the report has the same error object', async (_, run) => {
    const task = await reported(run);

    expect(task?.outcome).toBe('failed');
    expect(task?.error).toBe(failure);
    expect(task?.error?.cause).toBe(failure.cause);
  });

  test.each<[string, unknown, string]>([
    ['a string', 'no connection', 'threw no connection instead of an Error'],
    ['undefined', undefined, 'threw undefined instead of an Error'],
    ['null', null, 'threw null instead of an Error'],
    ['a symbol', Symbol('gone'), 'threw Symbol(gone) instead of an Error'],
    ['an object', { code: 7 }, 'threw an object instead of an Error'],
    ['an object without a prototype', Object.create(null), 'threw an object instead of an Error'],
  ])('%s, when thrown, becomes the cause of an Error', async (_, thrown, message) => {
    const task = await reported(() => {
      throw thrown;
    });

    expect(task?.error).toBeInstanceOf(ShutdownTaskError);
    expect(task?.error).toMatchObject({ message, code: 'SHUTDOWN_TASK_FAILED' });
    expect(task?.error?.cause).toBe(thrown);
  });

  test.each<[string, unknown]>([
    [
      'an object that cannot be looked at',
      Object.defineProperty({}, Symbol.toStringTag, {
        get: () => {
          throw failure;
        },
      }),
    ],
    [
      'a function that cannot be written down',
      Object.assign(() => undefined, {
        toString: () => {
          throw failure;
        },
      }),
    ],
    ['a proxy that was revoked', revokedProxy()],
  ])('throwing %s fails the task as well', async (_, thrown) => {
    const task = await reported(() => {
      throw thrown;
    });

    expect(task?.outcome).toBe('failed');
    expect(task?.error).toBeInstanceOf(ShutdownTaskError);
  });

  test('a thenable that calls back twice settles the task once', async () => {
    const twice = Object.assign(Promise.resolve(), {
      then: (resolve: () => void, reject: (error: Error) => void) => {
        resolve();
        reject(failure);
        resolve();
      },
    });
    const { recorder } = await runPlan({
      phases: [{ name: 'work', timeout: 100 }],
      tasks: [instantTask('subject', { run: () => twice })],
    });

    expect(recorder.words.filter((word) => word.endsWith('subject'))).toEqual([
      'start subject',
      'completed subject',
    ]);
  });

  test('the run fails, and the report contains each failure', async () => {
    const { report } = await runPlan({
      phases: [{ name: 'work', timeout: 100 }],
      tasks: [
        instantTask('a', { run: () => Promise.reject(new Error('first')) }),
        instantTask('b', { run: () => Promise.reject(new Error('second')) }),
      ],
    });

    expect(report.outcome).toBe('failed');
    expect(report.phases[0]?.tasks.map(({ error }) => error?.message)).toEqual(['first', 'second']);
  });
});
