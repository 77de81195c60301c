import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTerminus } from '@godaddy/terminus';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Database, OrdersController } from '../shop.js';

@Module({ controllers: [OrdersController], providers: [Database] })
class AppModule {}

const app = await NestFactory.create(AppModule);
createTerminus(app.getHttpServer(), {
  healthChecks: { '/readyz': () => Promise.resolve() },
  beforeShutdown: () => sleep(300),
  onSignal: () => {
    app.get(Database).close();
    return app.close();
  },
  useExit0: true,
});
await app.listen(process.env['PORT'] ?? 3000, '127.0.0.1');
