import { Callers } from '../../lib/in-flight/callers.js';
import { InFlightWork } from '../../lib/in-flight/in-flight-work.js';
import { AnsweringStreams } from '../../lib/microservices/answering-streams.js';
import { drainTask } from '../../lib/microservices/drain-task.js';
import type { TransportDrain } from '../../lib/microservices/transport-drain.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

/** The task of a server that listens, whose work never ends. */
function endless(drain: Partial<TransportDrain>) {
  const server = { listen: () => undefined };
  const never = (): Promise<void> => new Promise(() => undefined);
  const work = { items: [], idle: never, settled: never };
  const whole: TransportDrain = { name: 'Pigeons', seams: [], work, stop: () => undefined, ...drain };
  const clock = new ManualClock();
  const task = drainTask(server, whole, {
    name: 'MicroserviceDrain (Pigeons)',
    phase: 'drain',
    clock,
    answers: new AnsweringStreams('finish'),
    callers: new Callers(new InFlightWork(clock)),
    mayBeCalled: () => false,
  });
  server.listen();
  return task;
}

describe('at the deadline', () => {
  // What a listener of a signal throws is an uncaught exception, by which a test fails as the process would.
  test('an error while cutting a transport is ignored', async () => {
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
