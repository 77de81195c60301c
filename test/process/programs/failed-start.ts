// An application with a port for its probes does not start: node failed-start.js <listen|init|bootstrap> [alone].
// Its main() catches that, as many do.
import 'reflect-metadata';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown, GracefulShutdownModule, ProbeServer } from 'nestjs-phased-shutdown';
import { say } from './scene.js';

const [where, ...words] = process.argv.slice(2);

@Injectable()
class Broken {
  onModuleInit(): void {
    if (where === 'init') throw new Error('broken');
  }

  onApplicationBootstrap(): void {
    if (where === 'bootstrap') throw new Error('broken');
  }
}

@Module({
  imports: [GracefulShutdownModule.forRoot({ logger: false, probes: { port: 0 } })],
  providers: [Broken],
})
class AppModule {}

const taken = createServer().unref().listen(0, '127.0.0.1');
await once(taken, 'listening');
const address = taken.address();

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: false });
  if (!words.includes('alone')) enableGracefulShutdown(app);
  try {
    await app.listen(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
  } catch (error) {
    // What listens to the start is told of its end in this turn.
    await new Promise(setImmediate);
    if (!words.includes('alone'))
      say(`probes ${app.get(ProbeServer).address === undefined ? 'closed' : 'open'}`);
    throw error;
  }
}

await main().catch((error: unknown) => say(error instanceof Error ? 'failed' : 'odd'));
