import { run } from './fork.js';

const DISCONNECTED = 'Shutting down: the cluster primary disconnected this worker or exited.';

describe('a worker of a cluster', () => {
  test.each(['cluster-disconnect', 'worker-disconnect', 'worker-disconnects-itself'])(
    'runs the phases on a disconnect, and answers the request in flight: %s',
    async (scenario) => {
      const { lines, errors } = await run('cluster', { args: [scenario] });

      expect(lines).toContain(DISCONNECTED);
      expect(lines.indexOf('answered 200')).toBeLessThan(lines.indexOf('worker ended with 0'));
      expect(lines).toContain('pool closed');
      expect(errors).toEqual([]);
    },
  );

  test('runs the phases to their end when its primary dies', async () => {
    const { signal, lines, errors } = await run('cluster', { args: ['primary-dies'] });

    expect(signal).toBe('SIGKILL');
    expect(lines).toContain(DISCONNECTED);
    expect(lines).toContain('pool closed');
    expect(lines.some((line) => /^Shut down in .*: completed\./.test(line))).toBe(true);
    expect(errors).toEqual([]);
  });

  test('exits by itself after a signal: the channel to its primary does not keep it alive', async () => {
    const { lines, errors } = await run('cluster', { args: ['worker-is-signalled'] });

    expect(lines).toContain('answered 200');
    expect(lines).toContain('pool closed');
    expect(lines).toContain('worker ended with 0');
    expect(errors).toEqual([]);
  });
});
