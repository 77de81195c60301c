import { course } from './course.js';
import { run } from './fork.js';

const START = ['i(', 'init', 'started'];
const PHASES = ['P(', 'P)', 'http open'];

describe.each([11, 12] as const)('the module without enableGracefulShutdown, on Nest %i', (major) => {
  test('runs the phases once before the onModuleDestroy of other providers, on close()', async () => {
    const { code, lines } = await run('lifecycle', { major, args: ['express', 'close', 'alone'] });

    expect(course(lines)).toEqual([
      ...START,
      ...PHASES,
      'destroy',
      'before shutdown',
      'shutdown -',
      'end',
      'http closed',
    ]);
    expect(code).toBe(0);
  });

  test('does so on a signal that Nest listens to, and lets Nest end the process', async () => {
    const { signal, lines } = await run('lifecycle', {
      major,
      args: ['express', 'signal', 'alone', 'hooks-after'],
      signalAt: ['started', 'SIGTERM'],
    });

    expect(course(lines)).toEqual([...START, ...PHASES, 'destroy', 'before shutdown', 'shutdown SIGTERM']);
    expect(signal).toBe('SIGTERM');
  });

  test("runs them in beforeApplicationShutdown with runAt: 'before-application-shutdown'", async () => {
    const { lines } = await run('lifecycle', { major, args: ['express', 'close', 'alone', 'late'] });

    expect(course(lines)).toEqual([
      ...START,
      'destroy',
      ...PHASES,
      'before shutdown',
      'shutdown -',
      'end',
      'http closed',
    ]);
  });
});

describe.each([11, 12] as const)("runAt: 'before-application-shutdown' on Nest %i", (major) => {
  test('runs the phases after every onModuleDestroy and before the server closes, on close()', async () => {
    const { lines } = await run('lifecycle', { major, args: ['express', 'close', 'late'] });

    expect(course(lines)).toEqual([
      ...START,
      'destroy',
      ...PHASES,
      'before shutdown',
      'shutdown -',
      'end',
      'http closed',
    ]);
  });

  test('does so on a signal, also for a microservice', async () => {
    const { code, lines } = await run('lifecycle', {
      major,
      args: ['microservice', 'signal', 'late'],
      signalAt: ['started', 'SIGTERM'],
    });

    expect(course(lines)).toEqual([
      ...START,
      'destroy',
      'P(',
      'P)',
      'tcp open',
      'before shutdown',
      'shutdown SIGTERM',
      'tcp closed',
    ]);
    expect(code).toBe(0);
  });
});
