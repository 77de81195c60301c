import { course } from './course.js';
import { IS_FULL, run } from './fork.js';

const START = ['i(', 'init', 'started'];
const PHASES = ['P(', 'P)', 'http open'];
const CLOSE = [...PHASES, 'destroy', 'before shutdown', 'shutdown -'];
const SIGNAL = [...PHASES, 'destroy', 'before shutdown', 'shutdown SIGTERM', 'http closed'];

describe.each([11, 12] as const)('on Nest %i', (major) => {
  const adapters = IS_FULL ? ['express', 'fastify'] : [major === 11 ? 'express' : 'fastify'];
  describe.each(adapters)('an application on %s', (kind) => {
    test('runs its phases before the first onModuleDestroy and before its server closes', async () => {
      const { code, lines } = await run('lifecycle', { major, args: [kind, 'close'] });

      expect(course(lines)).toEqual([...START, ...CLOSE, 'end', 'http closed']);
      expect(code).toBe(0);
    });

    test.each([
      ['', []],
      [', with enableShutdownHooks called before', ['hooks-before']],
      [', with enableShutdownHooks called after', ['hooks-after']],
    ])('does so on a signal%s', async (_, flags) => {
      const { code, signal, lines } = await run('lifecycle', {
        major,
        args: [kind, 'signal', ...flags],
        signalAt: ['started', 'SIGTERM'],
      });

      expect(course(lines)).toEqual([...START, ...SIGNAL]);
      expect({ code, signal }).toEqual({ code: 0, signal: null });
    });

    test.each(['close-twice-at-once', 'close-twice-in-turn'])(
      'runs everything once for %s',
      async (closing) => {
        const { lines } = await run('lifecycle', { major, args: [kind, closing] });

        expect(course(lines)).toEqual([...START, ...CLOSE, 'end', 'http closed']);
      },
    );

    test('closes as a whole by the close() of a selected module', async () => {
      const { lines } = await run('lifecycle', { major, args: [kind, 'select-close'] });

      expect(course(lines)).toEqual([...START, ...CLOSE, 'end', 'http closed']);
    });

    test('closes at the end of its `await using` block', async () => {
      const { lines } = await run('lifecycle', { major, args: [kind, 'await-using'] });

      expect(course(lines)).toEqual([...START, 'holds the application', ...CLOSE, 'end', 'http closed']);
    });

    test('runs everything once for a signal and a close() together', async () => {
      const { code, lines } = await run('lifecycle', { major, args: [kind, 'signal-and-close'] });

      expect(course(lines)).toEqual([...START, ...CLOSE, 'end', 'http closed']);
      expect(code).toBe(0);
    });

    test.each([
      ['', []],
      [', also if it starts in two steps', ['in-two-steps']],
    ])('finishes its start before a close() during the start closes it%s', async (_, flags) => {
      const { code, lines } = await run('lifecycle', {
        major,
        args: [kind, 'close', 'during-init', ...flags],
      });

      expect(course(lines)).toEqual([...START, ...CLOSE, 'end', 'http closed']);
      expect(code).toBe(0);
    });

    test.each([
      ['', []],
      [', also if it starts in two steps', ['in-two-steps']],
    ])('finishes its start before a signal during the start closes it%s', async (_, flags) => {
      const { code, lines } = await run('lifecycle', {
        major,
        args: [kind, 'signal', 'during-init', ...flags],
        signalAt: ['i(', 'SIGTERM'],
      });

      expect(course(lines)).toEqual([...START, ...SIGNAL]);
      expect(code).toBe(0);
    });
  });
});
