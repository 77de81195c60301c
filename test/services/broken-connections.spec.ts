import { randomUUID } from 'node:crypto';
import { ForkedProgram, SLACK } from '../process/fork.js';
import { Balancer } from './balancer.js';
import { describeWithBroker } from './broker.js';

// A program boots in half a second, but on a busy machine in many.
import.meta.jest.setTimeout(120_000);

const BROKERS = [
  { name: 'RabbitMQ', transport: 'rabbitmq', port: 5672 },
  { name: 'NATS', transport: 'nats', port: 4222 },
  { name: 'Redis', transport: 'redis', port: 6379 },
  { name: 'MQTT', transport: 'mqtt', port: 1883 },
] as const;

/** A consumer that reaches its broker through a proxy, and a producer that does not, in mid-stream. */
async function underWay(
  { transport, port }: (typeof BROKERS)[number],
  flags: readonly string[],
): Promise<{ readonly consumer: ForkedProgram; readonly producer: ForkedProgram; readonly proxy: Balancer }> {
  const proxy = await Balancer.start([port]);
  const args = [
    `--transport=${transport}`,
    `--topic=test-${randomUUID()}`,
    '--count=1000',
    '--rate=50',
    ...flags,
  ];
  const start = (name: string, more: readonly string[] = []): ForkedProgram =>
    new ForkedProgram(name, { folder: 'services', args: [...args, ...more] });
  const consumer = start('consumer', [`--via=${proxy.port}`]);
  await consumer.printed('started');
  const producer = start('producer');
  await consumer.printed('start 10');
  return { consumer, producer, proxy };
}

const startsOf = ({ lines }: ForkedProgram): number =>
  lines.filter((line) => line.startsWith('start ')).length;

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 20));
}

for (const broker of BROKERS) {
  const { name, port } = broker;
  await describeWithBroker({ name, port }, () => {
    test('out by the deadline with the transport named, where the broker was gone before the signal', async () => {
      const { consumer, producer, proxy } = await underWay(broker, ['--handler=200', '--drain=1500']);
      proxy.stop();
      await until(() => consumer.lines.some((line) => line.startsWith('end ')));
      await consumer.signalAt('started', 'SIGTERM');
      const { lines, durationMs } = await consumer.ended;
      await producer.signalAt('started', 'SIGTERM');
      expect(durationMs).toBeLessThan(1_500 + 5_000 + SLACK);
      const report = lines.slice(lines.findIndex((line) => line.startsWith('Shut down in')));
      // The timeline shortens a name where its figures are long.
      const shortened = name.slice(0, 3);
      expect(report.join('\n')).toMatch(new RegExp(`MicroserviceDrain \\(${shortened}.*(failed|timed-out)`));
    });

    test('takes no new work with a connection that comes back while it drains', async () => {
      const { consumer, producer, proxy } = await underWay(broker, ['--handler=3000', '--drain=10000']);
      await consumer.signalAt('started', 'SIGTERM');
      await consumer.printed('Shutting down: SIGTERM.');
      await new Promise((resolve) => setTimeout(resolve, 500));
      proxy.cut();
      const before = startsOf(consumer);
      await until(
        () => proxy.connections >= 1 || consumer.lines.some((line) => line.startsWith('Shut down')),
      );
      const { lines } = await consumer.ended;
      await producer.signalAt('started', 'SIGTERM');
      proxy.stop();
      expect(startsOf(consumer)).toBe(before);
      // What was in flight has been finished all the same.
      expect(lines.filter((line) => line.startsWith('end '))).toHaveLength(before);
    });
  });
}
