import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown, GracefulShutdownModule, OnShutdown } from 'nestjs-phased-shutdown';
import { Database, listening, OrdersController } from '../shop.js';

@Injectable()
class Pool extends Database {
  @OnShutdown()
  override close(): void {
    super.close();
  }
}

@Module({
  imports: [
    GracefulShutdownModule.forRoot({
      shutdownDelay: 300,
      // A port of their own, as lightship has one: 9 000 with /ready and /live.
      probes: { port: 9_000, readiness: '/ready', liveness: '/live' },
    }),
  ],
  controllers: [OrdersController],
  providers: [{ provide: Database, useClass: Pool }],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
enableGracefulShutdown(app);
await app.listen(0, '127.0.0.1');
await listening(app);
