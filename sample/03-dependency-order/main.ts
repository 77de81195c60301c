// Handlers run in reverse injection order, across modules. No order is written down.
// Run it: npm run build && npx tsc -p sample && node build/sample/03-dependency-order/main.js
// Expect: the timeline shows the controller first, what it uses in parallel, the pool last.
import assert from 'node:assert/strict';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GracefulShutdown, GracefulShutdownModule, enableGracefulShutdown } from 'nestjs-phased-shutdown';
import { OrdersModule } from './orders.module.js';

@Module({ imports: [OrdersModule, GracefulShutdownModule.forRoot({ logger: console })] })
class AppModule {}

const app = enableGracefulShutdown(await NestFactory.create(AppModule, { logger: ['warn', 'error'] }));
await app.listen(0, '127.0.0.1');

const happened: string[] = [];
app.get(GracefulShutdown).events$.subscribe((event) => {
  if (event.type === 'task-started' && event.phase === 'close') happened.push(`${event.task} starts`);
  if (event.type === 'task-finished' && event.phase === 'close') happened.push(`${event.task} has ended`);
});
await app.close();
console.log(`\n${happened.join('\n')}`);

const users = ['OrdersRepository.end', 'Accounts.end', 'Sessions.end'];
assert.deepEqual(happened.slice(0, 2), ['OrdersController.end starts', 'OrdersController.end has ended']);
assert.deepEqual(happened.slice(2, 5).toSorted(), users.map((user) => `${user} starts`).toSorted());
assert.deepEqual(happened.slice(5, 8).toSorted(), users.map((user) => `${user} has ended`).toSorted());
assert.deepEqual(happened.slice(8), ['Pool.end starts', 'Pool.end has ended']);
