import { noAck } from '../../lib/startup-checks/no-ack.js';
import { ServerRMQ } from '@nestjs/microservices';
import type { Notice } from '../../lib/notice.js';
import { rabbitmqDrain } from '../../lib/microservices/rabbitmq.js';
import { bootWith, drainsOf } from './pigeons.js';
import { testedPorts } from './ports.js';

/** A server that nobody starts, and how it is drained. */
function drained(options: ConstructorParameters<typeof ServerRMQ>[0] = {}) {
  const server = new ServerRMQ({ queue: 'orders', ...options });
  const notices: Notice[] = [];
  return { server, notices, drain: rabbitmqDrain(server, testedPorts({ notices })) };
}

/** A channel of amqplib, as far as Nest's setup uses it; the broker answers when it is told. */
class Channel {
  readonly seen: string[] = [];
  answer: () => void = () => undefined;

  assertQueue(queue: string): Promise<object> {
    this.seen.push(`assert ${queue}`);
    return new Promise((resolve) => {
      this.answer = () => resolve({ queue });
    });
  }

  async prefetch(): Promise<void> {}

  async consume(): Promise<object> {
    this.seen.push('consume');
    return { consumerTag: 'tag' };
  }

  async cancel(tag: string): Promise<void> {
    this.seen.push(`cancel ${tag}`);
  }

  async waitForConfirms(): Promise<void> {
    this.seen.push('confirms');
  }
}

const setUp = (server: ServerRMQ, channel: Channel): Promise<unknown> =>
  server.setupChannel(channel as never, () => undefined);

test('the RabbitMQ consumer is cancelled by its tag, and the channel stays open', async () => {
  const { server, drain } = drained();
  const channel = new Channel();
  const ready = setUp(server, channel);
  channel.answer();
  await ready;
  await drain.stop();
  await drain.flush?.();
  expect(channel.seen).toEqual(['assert orders', 'consume', 'cancel tag', 'confirms']);
});

test('a channel setup interrupted by the stop does not consume', async () => {
  const { server, drain } = drained();
  const channel = new Channel();
  const ready = setUp(server, channel);
  await drain.stop();
  channel.answer();
  await ready;
  expect(channel.seen).toEqual(['assert orders']);
});

test('a channel created after the stop is not set up, and its confirms are waited for', async () => {
  const { server, drain } = drained();
  await drain.stop();
  const channel = new Channel();
  await setUp(server, channel);
  await drain.flush?.();
  expect(channel.seen).toEqual(['confirms']);
});

describe('messages acknowledged before they are handled', () => {
  test.each([
    ['by default', {}],
    ['by noAck: true', { noAck: true }],
  ])('are reported %s', (_, options) => {
    expect(drained(options).notices).toEqual([noAck('RabbitMQ orders')]);
  });

  test('are not reported with noAck: false', () => {
    expect(drained({ noAck: false }).notices).toEqual([]);
  });

  test('are found by the startup checks of an app', async () => {
    const servers = [new ServerRMQ({ queue: 'orders' }), new ServerRMQ({ queue: 'bills', noAck: false })];
    const { log, shutdown } = await bootWith(servers, { listen: false });
    expect(drainsOf(shutdown)).toEqual([
      'drain: MicroserviceDrain (RabbitMQ orders)',
      'drain: MicroserviceDrain (RabbitMQ bills)',
    ]);
    expect(log.warnings).toEqual([
      expect.stringMatching(/^RabbitMQ orders consumes with noAck: true.*ignore: \['no-ack'\]/),
    ]);
  });

  test('are not reported if the finding is silenced', async () => {
    const { log } = await bootWith([new ServerRMQ({ queue: 'orders' })], {
      listen: false,
      shutdown: { doctor: { ignore: ['no-ack'] } },
    });
    expect(log.warnings).toEqual([]);
  });
});
