// node cluster.js <scenario>: a primary with one worker, which serves and is ended in one of the ways below.
import cluster from 'node:cluster';
import { get } from 'node:http';
import { Controller, Get, Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown, GracefulShutdownModule, OnShutdown } from 'nestjs-phased-shutdown';
import { pause, say, sayingLogger } from './scene.js';

@Injectable()
class Pool {
  @OnShutdown()
  close(): void {
    say('pool closed');
  }
}

@Controller()
class SlowController {
  @Get()
  async slow(): Promise<string> {
    say('slow(');
    await pause(400);
    return 'slow';
  }
}

class AppModule {}

/** What the primary does when a request is in flight in its worker. */
const SCENARIOS: Readonly<Record<string, () => unknown>> = {
  'cluster-disconnect': () => cluster.disconnect(),
  'worker-disconnect': () => Object.values(cluster.workers ?? {})[0]?.disconnect(),
  'worker-disconnects-itself': () => Object.values(cluster.workers ?? {})[0]?.send('leave'),
  'primary-dies': () => process.kill(process.pid, 'SIGKILL'),
  'worker-is-signalled': () => Object.values(cluster.workers ?? {})[0]?.process.kill('SIGTERM'),
};

async function runPrimary(): Promise<void> {
  const worker = cluster.fork();
  worker.on('exit', (code, signal) => say(`worker ended with ${code ?? signal}`));
  const port = await new Promise((resolve) => {
    worker.once('message', resolve);
  });
  get({ port: Number(port), agent: false }, (response) => {
    response.resume().once('end', () => say(`answered ${response.statusCode}`));
  }).on('error', () => undefined);
  await new Promise((resolve) => {
    worker.once('message', resolve);
  });
  await SCENARIOS[process.argv[2] ?? '']?.();
}

async function runWorker(): Promise<void> {
  const app = await NestFactory.create(
    {
      module: AppModule,
      imports: [GracefulShutdownModule.forRoot({ logger: sayingLogger })],
      providers: [Pool],
      controllers: [SlowController],
    },
    { logger: false },
  );
  enableGracefulShutdown(app);
  await app.listen(0, '127.0.0.1');
  app.getHttpServer().once('request', () => process.send?.('in flight'));
  process.once('message', () => cluster.worker?.disconnect());
  const { port } = app.getHttpServer().address();
  process.send?.(port);
}

await (cluster.isPrimary ? runPrimary() : runWorker());
