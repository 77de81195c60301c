import {
  bootAwaited,
  bootGivenUp,
  listenerFailed,
  planRefused,
  runsLate,
  seamMissing,
  teardownFailed,
} from '../../lib/lifecycle/lifecycle-notices.js';
import { notDrained, type Notice } from '../../lib/notice.js';
import { logged, type Line } from '../logging/logged.js';

const plain = new Error('pool is gone');

describe('a notice of the lifecycle', () => {
  test.each<[string, Notice, Line]>([
    [
      'rule 10: the phases run late',
      runsLate(),
      {
        level: 'warn',
        text: 'The phases run late: Nest has already called the onModuleDestroy hooks of other providers. Call enableGracefulShutdown(app) after the app is created.',
      },
    ],
    [
      'the plan is refused in a run',
      planRefused(plain),
      {
        level: 'error',
        text: 'The shutdown handlers could not be planned and do not run. pool is gone',
        stack: String(plain.stack),
      },
    ],
    [
      'a listener fails',
      listenerFailed(plain),
      {
        level: 'error',
        text: 'A listener of the shutdown events threw; the shutdown goes on: pool is gone',
        stack: String(plain.stack),
      },
    ],
    [
      'a listener throws what is no Error',
      listenerFailed('no'),
      { level: 'error', text: 'A listener of the shutdown events threw; the shutdown goes on: no' },
    ],
    [
      'Nest has changed',
      seamMissing(['close', 'callDestroyHook']),
      {
        level: 'warn',
        text: 'This version of Nest has no close, callDestroyHook: some ways to close the app may run the phases late.',
      },
    ],
    [
      'a feature cannot drain something',
      notDrained('The transport Pigeons', 'it has no pause()'),
      { level: 'warn', text: 'The transport Pigeons is not drained: it has no pause().' },
    ],
    [
      'the start is awaited',
      bootAwaited({ kind: 'signal', signal: 'SIGINT' }),
      {
        level: 'log',
        text: 'Asked to shut down during startup (SIGINT): waiting for startup to finish.',
      },
    ],
    [
      'the start takes too long',
      bootGivenUp(5_000),
      { level: 'warn', text: 'Startup did not finish within 5 000 ms: shutting down what has started.' },
    ],
    [
      'Nest fails to close',
      teardownFailed(plain),
      {
        level: 'error',
        text: 'Nest could not close the application: pool is gone',
        stack: String(plain.stack),
      },
    ],
  ])('%s', (_, notice, line) => {
    expect(logged(notice)).toEqual(line);
  });
});

describe('a thrown value that cannot be turned into text', () => {
  test.each<[string, unknown]>([
    ['an object without prototype', Object.create(null)],
    ['an error whose cause is one', new Error('pool is gone', { cause: Object.create(null) })],
    [
      'an object whose toString throws',
      {
        toString: () => {
          throw new Error('no');
        },
      },
    ],
  ])('%s is said all the same', (_, error) => {
    expect(listenerFailed(error).text).toMatch(
      /^A listener of the shutdown events threw; the shutdown goes on: .+/,
    );
  });
});
