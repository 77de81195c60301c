// An instance of the shop, on the port that it is given: a small Nest application that stops on SIGTERM.
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GracefulShutdownModule, enableGracefulShutdown } from 'nestjs-phased-shutdown';
import { OrdersController } from './orders.controller.js';
import { tell } from './tell.js';

@Module({
  imports: [
    GracefulShutdownModule.forRoot({
      // Until nginx has noticed: a monitor asks every 10 ms and finds one instance in three, so that of the 40
      // times in this delay one is enough. Shorter than what nginx's `fail_timeout` gives.
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
