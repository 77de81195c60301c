import { ServerRedis } from '@nestjs/microservices';
import { redisDrain } from '../../lib/microservices/redis.js';
import { testedPorts } from './ports.js';

type Options = ConstructorParameters<typeof ServerRedis>[0];

/** A server whose two clients of ioredis are in a state, and how it is drained; the broker answers at once or never. */
function drained(
  status: 'ready' | 'reconnecting',
  {
    unsubscribed = Promise.resolve(),
    options = {},
    patterns = ['orders'],
  }: { readonly unsubscribed?: Promise<void>; readonly options?: Options; readonly patterns?: string[] } = {},
) {
  const seen: string[] = [];
  const call =
    (name: string, result: Promise<void>) =>
    (...args: string[]) => {
      seen.push([name, ...args].join(' '));
      return result;
    };
  const subscriber = {
    status,
    options: { autoResubscribe: true },
    unsubscribe: call('unsubscribe', unsubscribed),
    punsubscribe: call('punsubscribe', unsubscribed),
  };
  const server = new ServerRedis(options);
  Reflect.set(server, 'pubClient', { ping: call('ping', Promise.resolve()) });
  Reflect.set(server, 'subClient', subscriber);
  const drain = redisDrain(server, testedPorts());
  for (const pattern of patterns) server.addHandler(pattern, async () => undefined as never, true);
  return { drain, seen, subscriber };
}

test('Redis subscriptions end before replies are flushed over the other connection', async () => {
  const { drain, seen } = drained('ready', { patterns: ['orders', 'bills'] });
  await drain.stop();
  await drain.flush?.();
  expect(seen).toEqual(['unsubscribe orders bills', 'ping']);
});

// ioredis takes an answer to the other kind for one that is still to come.
test('with wildcards, only Redis patterns are unsubscribed', async () => {
  const { drain, seen } = drained('ready', { options: { wildcards: true }, patterns: ['orders.*'] });
  await drain.stop();
  expect(seen).toEqual(['punsubscribe orders.*']);
});

test('a Redis server without handlers unsubscribes from nothing', async () => {
  const { drain, seen } = drained('ready', { unsubscribed: new Promise(() => undefined), patterns: [] });
  await drain.stop();
  expect(seen).toEqual([]);
});

test('an error of the broker while unsubscribing is reported', async () => {
  const { drain } = drained('ready', { unsubscribed: Promise.reject(new Error('NOPERM')) });
  await expect(drain.stop()).rejects.toThrow('NOPERM');
});

describe('without a Redis connection', () => {
  test.each([
    ['unsubscribe orders', {}],
    ['punsubscribe orders', { wildcards: true }],
  ])(
    'unsubscribing does not wait (%s), and a restored connection subscribes to nothing',
    async (sent, options) => {
      const { drain, seen, subscriber } = drained('reconnecting', {
        unsubscribed: new Promise(() => undefined),
        options,
      });
      await drain.stop();
      expect(seen).toEqual([sent]);
      expect(subscriber.options.autoResubscribe).toBe(false);
    },
  );

  // By a rejection that nobody takes a test fails, as the process would.
  test('a late failure to unsubscribe is ignored', async () => {
    const { drain, seen } = drained('reconnecting', {
      unsubscribed: Promise.reject(new Error('Connection is closed.')),
    });
    await drain.stop();
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toContain('unsubscribe orders');
  });
});
