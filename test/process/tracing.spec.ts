import { run } from './fork.js';

describe('a subscriber that throws at all that it is told', () => {
  test.each([
    ['traceShutdown()', 'helper'],
    ['events$ and draining$', 'events'],
  ])('changes nothing with %s, and is logged', async (_, way) => {
    const { code, lines } = await run('tracing', { args: [way] });

    expect(lines).toContain('completed, 0 uncaught');
    expect(lines).toContain('A listener of the shutdown events threw; the shutdown goes on: careless');
    expect(code).toBe(0);
  });

  test('of a channel of Node is an uncaught exception, as Node has it, and the run goes on', async () => {
    const { code, lines } = await run('tracing', { args: ['channel'] });

    expect(lines).toContain('completed, 1 uncaught');
    expect(code).toBe(0);
  });
});
