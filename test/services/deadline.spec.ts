import { randomUUID } from 'node:crypto';
import { ForkedProgram, SLACK } from '../process/fork.js';
import { describeWithBroker } from './broker.js';
import { IS_FULL } from './replacement.js';

// A program boots in half a second, but on a busy machine in many.
import.meta.jest.setTimeout(120_000);

/** Milliseconds of the phase in which the transports drain. */
const DRAIN = 1_500;

const BROKERS = [
  { name: 'RabbitMQ', transport: 'rabbitmq', port: 5672 },
  { name: 'NATS', transport: 'nats', port: 4222 },
  { name: 'Redis', transport: 'redis', port: 6379 },
  { name: 'MQTT', transport: 'mqtt', port: 1883 },
] as const;

for (const [index, { name, transport, port }] of BROKERS.entries()) {
  await describeWithBroker({ name, port }, () => {
    const kinds = ['event', 'rpc'].filter((_, each) => IS_FULL || each === index % 2);
    test.each(kinds)(
      'handlers of an %s that outlast the drain do not keep the process, and are named with their age',
      async (kind) => {
        const topic = `test-${randomUUID()}`;
        const args = [
          `--transport=${transport}`,
          `--kind=${kind}`,
          `--topic=${topic}`,
          '--count=20',
          '--handler=60000',
          `--drain=${DRAIN}`,
          '--patience=3000',
        ];
        const consumer = new ForkedProgram('consumer', { folder: 'services', args });
        await consumer.printed('started');
        const producer = new ForkedProgram('producer', { folder: 'services', args });
        await consumer.printed('start 5');
        await consumer.signalAt('started', 'SIGTERM');
        const { code, durationMs, lines } = await consumer.ended;
        await producer.ended;
        expect(code).toBe(1);
        expect(durationMs).toBeLessThan(DRAIN + SLACK);
        expect(lines.filter((line) => line.startsWith('end '))).toEqual([]);
        // The report stands before what Nest does next.
        expect(lines.join('\n')).toMatch(new RegExp(`MicroserviceDrain \\(${name}[^]*${topic} \\d`));
      },
    );
  });
}
