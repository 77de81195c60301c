import { ServerRedis } from '@nestjs/microservices';
import { redisDrain } from '../../lib/microservices/redis.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

/** A server whose two clients of ioredis are in a state, and how it is drained; the broker answers at once or never. */
function drained(status: 'ready' | 'reconnecting', unsubscribed: Promise<void>) {
  const seen: string[] = [];
  const call = (name: string, result: Promise<void>) => () => {
    seen.push(name);
    return result;
  };
  const subscriber = {
    status,
    options: { autoResubscribe: true },
    unsubscribe: call('unsubscribe', unsubscribed),
    punsubscribe: call('punsubscribe', unsubscribed),
  };
  const server = new ServerRedis({});
  Reflect.set(server, 'pubClient', { ping: call('ping', Promise.resolve()) });
  Reflect.set(server, 'subClient', subscriber);
  const drain = redisDrain(server, { clock: new ManualClock(), notify: () => undefined, endStreams: false });
  return { drain, seen, subscriber };
}

test('the subscriptions end before the replies are flushed over the other connection', async () => {
  const { drain, seen } = drained('ready', Promise.resolve());
  await drain.stop();
  await drain.flush?.();
  expect(seen).toEqual(['unsubscribe', 'punsubscribe', 'ping']);
});

test('what the broker says against unsubscribing is told', async () => {
  const { drain } = drained('ready', Promise.reject(new Error('NOPERM')));
  await expect(drain.stop()).rejects.toThrow('NOPERM');
});

describe('without a connection', () => {
  test('nobody is waited for, and a connection that comes back subscribes to nothing', async () => {
    const { drain, seen, subscriber } = drained('reconnecting', new Promise(() => undefined));
    await drain.stop();
    expect(seen).toEqual(['unsubscribe', 'punsubscribe']);
    expect(subscriber.options.autoResubscribe).toBe(false);
  });

  // By a rejection that nobody takes a test fails, as the process would.
  test('unsubscribing that fails later disturbs nobody', async () => {
    const { drain, seen } = drained('reconnecting', Promise.reject(new Error('Connection is closed.')));
    await drain.stop();
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toContain('unsubscribe');
  });
});
