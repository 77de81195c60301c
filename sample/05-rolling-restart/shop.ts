// An instance of the shop: a small Nest app on a given port, which stops on SIGTERM.
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GracefulShutdownModule, enableGracefulShutdown } from 'nestjs-phased-shutdown';
import { OrdersController } from './orders.controller.js';
import { tell } from './tell.js';

@Module({
  imports: [
    GracefulShutdownModule.forRoot({
      // Long enough for nginx to notice: the monitor probes every 10 ms, and one probe in three hits this instance.
      // One of the 40 probes in this delay is enough. Shorter than the `fail_timeout` of nginx.
      shutdownDelay: 400,
      probes: { readiness: '/readyz' },
    }),
  ],
  controllers: [OrdersController],
})
class ShopModule {}

const app = enableGracefulShutdown(await NestFactory.create(ShopModule, { logger: ['warn', 'error'] }));
await app.listen(Number(process.argv[2]), '127.0.0.1');
tell({ kind: 'listening' });
