import { randomUUID } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { ClientMqtt, MessagePattern, ServerMqtt } from '@nestjs/microservices';
import { firstValueFrom, timeout } from 'rxjs';
import { bootWith } from '../microservices/pigeons.js';
import { taskReport } from '../nest/application.js';
import { describeWithBroker } from './broker.js';

import.meta.jest.setTimeout(120_000);

/** Far more than the kernel takes at once. */
const LENGTH = 24_000_000;

await describeWithBroker({ name: 'Mosquitto', port: 1883 }, () => {
  test.each([
    ['of a persistent session', false],
    ['of a clean session', true],
  ])(
    'a reply %s that is not yet written as its handler ends gets out before the connection closes',
    async (_, clean) => {
      const [topic, url] = [`test-${randomUUID()}`, 'mqtt://127.0.0.1:1883'];
      let answer: (text: string) => void = () => undefined;
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
      const server = new ServerMqtt({ url, clientId: topic, clean, subscribeOptions: { qos: 1 } });
      const { app, shutdown } = await bootWith([server], { controllers: [Work] });
      const client = new ClientMqtt({ url });
      await client.connect();

      const reply = firstValueFrom(client.send<string>(topic, {}).pipe(timeout(30_000)));
      reply.catch(() => undefined);
      await started;
      const run = shutdown.run('a test');
      answer('x'.repeat(LENGTH));
      expect(taskReport(await run, 'MicroserviceDrain (MQTT)')).toMatchObject({ outcome: 'completed' });
      expect(await reply).toHaveLength(LENGTH);
      await client.close();
      await app.close();
    },
  );
});
