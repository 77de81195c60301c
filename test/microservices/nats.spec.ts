import { ServerNats } from '@nestjs/microservices';
import { natsDrain } from '../../lib/microservices/nats.js';
import { testedPorts } from './ports.js';

const ports = testedPorts();

test("Nest's NATS grace period is skipped after the drain, and the user's options stay unchanged", async () => {
  const options = { queue: 'orders', gracefulShutdown: true, gracePeriod: 60_000 };
  const server = new ServerNats(options);
  const drain = natsDrain(server, ports);
  expect(Reflect.get(server, 'options')).toBe(options);
  await drain.stop();
  expect(Reflect.get(server, 'options')).toEqual({ ...options, gracefulShutdown: false });
  expect(options.gracefulShutdown).toBe(true);
});

test('every NATS subscription is drained, and the connection is only flushed', async () => {
  const seen: string[] = [];
  const server = new ServerNats({});
  const subscription = (name: string): object => ({ drain: async () => void seen.push(`drain ${name}`) });
  Reflect.set(server, 'subscriptions', [subscription('a'), subscription('b')]);
  Reflect.set(server, 'natsClient', { flush: async () => void seen.push('flush') });
  const drain = natsDrain(server, ports);
  await drain.stop();
  await drain.flush?.();
  expect(seen).toEqual(['drain a', 'drain b', 'flush']);
});
