import { run } from './fork.js';

describe('a subscriber that throws on every event', () => {
  test.each([
    ['traceShutdown()', 'helper'],
    ['events$ and draining$', 'events'],
  ])('changes nothing with %s, and is logged', async (_, way) => {
    const { code, lines } = await run('tracing', { args: [way] });

    expect(lines).toContain('completed, 0 uncaught');
    expect(lines).toContain('A listener of the shutdown events threw; the shutdown goes on: careless');
    expect(code).toBe(0);
  });

  test('of a Node diagnostics channel is an uncaught exception, as in plain Node, and the run goes on', async () => {
    const { code, lines } = await run('tracing', { args: ['channel'] });

    expect(lines).toContain('completed, 1 uncaught');
    expect(code).toBe(0);
  });
});
