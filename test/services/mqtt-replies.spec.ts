import { randomUUID } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Controller } from '@nestjs/common';
import { ClientMqtt, MessagePattern, MqttRecordBuilder, ServerMqtt } from '@nestjs/microservices';
import { firstValueFrom, lastValueFrom, timeout } from 'rxjs';
import { bootWith } from '../microservices/pigeons.js';
import { taskReport } from '../nest/application.js';
import { describeWithBroker } from './broker.js';

import.meta.jest.setTimeout(120_000);

const BROKER = 1883;
const NAME = 'MicroserviceDrain (MQTT)';

/** Far more than the kernel takes at once. */
const MUCH = 24_000_000;

/** What the handler answers with, once it has started. */
let answer: (text: string) => void = () => undefined;

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A way to the broker on which it can be made not to hear its clients. */
async function slowBroker(): Promise<{ readonly port: number; readonly sockets: readonly Socket[] }> {
  const sockets: Socket[] = [];
  const proxy = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    const broker = connect({ port: BROKER, host: '127.0.0.1', allowHalfOpen: true });
    for (const each of [socket, broker]) each.on('error', () => each.destroy());
    socket.on('close', () => broker.destroy());
    socket.pipe(broker).pipe(socket);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  closing.push(() => proxy.close());
  const { port } = proxy.address() as AddressInfo;
  return { port, sockets };
}

/** An application that has a call in hand, and its caller. */
async function called({ clean, port = BROKER }: { readonly clean: boolean; readonly port?: number }) {
  const topic = `test-${randomUUID()}`;
  let starts: () => void = () => undefined;
  const started = new Promise<void>((resolve) => {
    starts = resolve;
  });

  @Controller()
  class Work {
    @MessagePattern(topic)
    work(): Promise<string> {
      starts();
      return new Promise((resolve) => {
        answer = resolve;
      });
    }
  }
  const server = new ServerMqtt({
    url: `mqtt://127.0.0.1:${port}`,
    clientId: topic,
    clean,
    subscribeOptions: { qos: 1 },
  });
  const { app, shutdown } = await bootWith([server], { controllers: [Work] });
  closing.push(() => app.close());
  const client = new ClientMqtt({ url: `mqtt://127.0.0.1:${BROKER}` });
  closing.push(() => client.close());
  await client.connect();
  const reply = firstValueFrom(client.send<string>(topic, {}).pipe(timeout(30_000)));
  reply.catch(() => undefined);
  await started;
  return { client, reply, shutdown, topic };
}

await describeWithBroker({ name: 'Mosquitto', port: BROKER }, () => {
  test.each([
    ['a persistent session', false],
    ['a clean session', true],
  ])('a reply of %s that is not yet written as its handler ends gets out', async (_, clean) => {
    const { reply, shutdown } = await called({ clean });
    const run = shutdown.run('a test');
    answer('x'.repeat(MUCH));
    expect(taskReport(await run, NAME)).toMatchObject({ outcome: 'completed' });
    expect(await reply).toHaveLength(MUCH);
  });

  test('a reply gets to a broker that is slow to read, while messages come that are withheld', async () => {
    const { port, sockets } = await slowBroker();
    const { client, reply, shutdown, topic } = await called({ clean: false, port });
    const run = shutdown.run('a test');
    await new Promise((resolve) => setImmediate(resolve));
    for (let n = 0; n < 3; n += 1) {
      const record = new MqttRecordBuilder({ text: 'x'.repeat(MUCH / 8) }).setQoS(1).build();
      await lastValueFrom(client.emit(topic, record), { defaultValue: undefined });
    }
    for (const socket of sockets) socket.pause();
    answer('at last');
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (const socket of sockets) socket.resume();
    expect(await reply).toBe('at last');
    expect(taskReport(await run, NAME)).toMatchObject({ outcome: 'completed' });
  });
});
