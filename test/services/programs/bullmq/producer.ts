// Adds numbered jobs at a steady rate: prints `sent 17`, or `error 17 why`, and at last `done`.
import 'reflect-metadata';
import { getQueueToken } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Queue } from 'bullmq';
import { count, pause, rate, say } from '../scene.js';
import { queueImports } from './queue.js';

class AppModule {}
Module({ imports: [...queueImports] })(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
const queue = app.get<Queue>(getQueueToken('orders'), { strict: false });
say('started');

const startedAt = performance.now();
const adding: Promise<void>[] = [];
for (let n = 0; n < count; n += 1) {
  await pause(startedAt + (n * 1_000) / rate - performance.now());
  adding.push(add(n));
}
await Promise.all(adding);
await app.close();
say('done');

async function add(n: number): Promise<void> {
  try {
    await queue.add('order', { n });
    say(`sent ${n}`);
  } catch (error) {
    say(`error ${n} ${String(error)}`);
  }
}
