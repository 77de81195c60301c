// One instance of a service whose jobs add a job at their end: prints `start 17` and `end 17` for each.
import 'reflect-metadata';
import { getQueueToken, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Job, Queue } from 'bullmq';
import { enableGracefulShutdown, GracefulShutdownModule } from 'nestjs-phased-shutdown';
import { drainWorkers } from 'nestjs-phased-shutdown/bullmq';
import { count, destroyMs, drainTimeout, gracePeriod, handlerMs, isUnguarded, pause, say } from '../scene.js';
import { queueImports } from './queue.js';

class Orders extends WorkerHost {
  constructor(private readonly queue: Queue) {
    super();
  }

  /** An order is followed by its invoice, under a number behind those of all orders. */
  async process({ data: { n } }: Job<{ n: number }>): Promise<void> {
    say(`start ${n}`);
    await pause(handlerMs);
    if (n < count) await this.queue.add('invoice', { n: n + count });
    say(`end ${n}`);
  }

  failed({ data: { n } }: Job<{ n: number }>, error: Error): void {
    say(`error ${n} ${error.message}`);
  }

  /** Without a listener BullMQ prints what is lost with Redis. */
  error(): void {}
}
Inject(getQueueToken('orders'))(Orders, undefined, 0);
for (const event of ['failed', 'error'] as const) {
  OnWorkerEvent(event)(
    Orders.prototype,
    event,
    Object.getOwnPropertyDescriptor(Orders.prototype, event) ?? {},
  );
}
Processor('orders', { concurrency: 50 })(Orders);

/** As a pool does that closes when everything else has ended. */
class Database {
  onModuleDestroy(): Promise<void> {
    say('destroy');
    return pause(destroyMs);
  }
}

const lines = { log: say, warn: say, error: say };

class AppModule {}
Module({
  imports: [
    ...queueImports,
    ...(isUnguarded
      ? []
      : [
          GracefulShutdownModule.forRoot({
            phases: [{ name: 'drain', timeout: drainTimeout }],
            features: [drainWorkers()],
            gracePeriod,
            logger: lines,
          }),
        ]),
  ],
  providers: [Orders, Database],
})(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
if (isUnguarded) app.enableShutdownHooks();
else enableGracefulShutdown(app);
say('started');
