// The queue of the programs here: under the test's own topic.
import { BullModule } from '@nestjs/bullmq';
import type { DynamicModule } from '@nestjs/common';
import { address, redisPort } from '../scene.js';

export const queueImports: readonly DynamicModule[] = [
  BullModule.forRoot({
    connection: { host: '127.0.0.1', port: redisPort },
    prefix: address.topic,
    defaultJobOptions: { removeOnComplete: true },
  }),
  BullModule.registerQueue({ name: 'orders' }),
];
