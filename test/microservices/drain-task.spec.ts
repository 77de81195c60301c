import { drainTask } from '../../lib/microservices/drain-task.js';
import type { TransportDrain } from '../../lib/microservices/transport-drain.js';

/** The task of a server that listens, whose work never ends. */
function endless(drain: Partial<TransportDrain>) {
  const server = { listen: () => undefined };
  const work = { items: [], idle: () => new Promise<void>(() => undefined) };
  const whole: TransportDrain = { name: 'Pigeons', seams: [], work, stop: () => undefined, ...drain };
  const task = drainTask(server, whole, { name: 'MicroserviceDrain (Pigeons)', phase: 'drain' });
  server.listen();
  return task;
}

describe('at the end of its time', () => {
  // What a listener of a signal throws is an uncaught exception, by which a test fails as the process would.
  test('a transport that cannot be cut disturbs nobody', async () => {
    const tried: string[] = [];
    const task = endless({
      close: () => {
        tried.push('close');
        throw new Error('It is gone already.');
      },
    });
    const time = new AbortController();
    const context = { signal: time.signal, deadline: 0, reason: { kind: 'requested' } };
    void task.run(context as never);
    time.abort();
    await new Promise((resolve) => setImmediate(resolve));
    expect(tried).toEqual(['close']);
  });
});
