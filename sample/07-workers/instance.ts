// An instance of the service, a hybrid app: a gateway on a given port, a RabbitMQ consumer, a BullMQ worker, and an
// interval.
import { NestFactory } from '@nestjs/core';
import { Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { GracefulShutdown, enableGracefulShutdown, timeline } from 'nestjs-phased-shutdown';
import { AppModule } from './app.module.js';
import { ordersOf } from './brokers.js';
import { tell } from './tell.js';

const [port, run = ''] = process.argv.slice(2);
const app = await NestFactory.create(AppModule.for(run), { logger: ['warn', 'error'] });
app.useWebSocketAdapter(new WsAdapter(app));
app.connectMicroservice<MicroserviceOptions>({
  transport: Transport.RMQ,
  // With `noAck: true`, the default, a message leaves the queue before its handler starts.
  options: { ...ordersOf(run), noAck: false, prefetchCount: 20 },
});
enableGracefulShutdown(app);
await app.startAllMicroservices();
await app.listen(Number(port), '127.0.0.1');
tell({ kind: 'listening' });

tell({ kind: 'stopped', timeline: timeline(await app.get(GracefulShutdown).finished) });
