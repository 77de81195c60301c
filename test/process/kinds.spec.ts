import { course } from './course.js';
import { IS_FULL, run } from './fork.js';

const PHASES = ['P(', 'P)'];
const CLOSE = ['destroy', 'before shutdown', 'shutdown -'];
const SIGNAL = ['destroy', 'before shutdown', 'shutdown SIGTERM'];

interface Kind {
  readonly kind: string;
  /** Whether they still listen when the phases have ended, and have closed when the process ends. */
  readonly servers: readonly string[];
}

const KINDS: readonly Kind[] = [
  { kind: 'context', servers: [] },
  { kind: 'microservice', servers: ['tcp'] },
  { kind: 'hybrid', servers: ['http', 'tcp'] },
  { kind: 'testing-application', servers: ['http'] },
  { kind: 'testing-module', servers: [] },
];

describe.each([11, 12] as const)('on Nest %i', (major) => {
  const kinds = KINDS.filter((_, index) => IS_FULL || (index % 2 === 0) === (major === 12));
  describe.each(kinds)('an application of the kind $kind', ({ kind, servers }) => {
    const start = ['i(', 'init', 'started'];
    const open = servers.map((server) => `${server} open`);
    const closed = servers.map((server) => `${server} closed`);

    test('runs its phases before the first onModuleDestroy and before a server closes', async () => {
      const { code, lines } = await run('lifecycle', { major, args: [kind, 'close'] });

      expect(course(lines)).toEqual([...start, ...PHASES, ...open, ...CLOSE, 'end', ...closed]);
      expect(code).toBe(0);
    });

    test.each([
      ['', []],
      [', with enableShutdownHooks called after', ['hooks-after']],
    ])('does so on a signal, and passes it to onApplicationShutdown%s', async (_, flags) => {
      const { code, lines } = await run('lifecycle', {
        major,
        args: [kind, 'signal', ...flags],
        signalAt: ['started', 'SIGTERM'],
      });

      expect(course(lines)).toEqual([...start, ...PHASES, ...open, ...SIGNAL, ...closed]);
      expect(code).toBe(0);
    });

    test('runs everything once for two consecutive close() calls', async () => {
      const { lines } = await run('lifecycle', { major, args: [kind, 'close-twice-in-turn'] });

      expect(course(lines)).toEqual([...start, ...PHASES, ...open, ...CLOSE, 'end', ...closed]);
    });
  });

  test('a microservice finishes its start before a signal during the start closes it', async () => {
    const { code, lines } = await run('lifecycle', {
      major,
      args: ['microservice', 'signal', 'during-init'],
      signalAt: ['i(', 'SIGTERM'],
    });

    expect(course(lines)).toEqual([
      'i(',
      'init',
      'started',
      'P(',
      'P)',
      'tcp open',
      'destroy',
      'before shutdown',
      'shutdown SIGTERM',
      'tcp closed',
    ]);
    expect(code).toBe(0);
  });
});
