import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown, GracefulShutdownModule, OnShutdown } from 'nestjs-phased-shutdown';
import { Database, OrdersController } from '../shop.js';

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
      probes: {
        // As in the manifest for lightship. The kubelet must reach this address.
        port: Number(process.env['PROBES_PORT'] ?? 9_000),
        host: '0.0.0.0',
        readiness: '/ready',
        liveness: '/live',
      },
    }),
  ],
  controllers: [OrdersController],
  providers: [{ provide: Database, useClass: Pool }],
})
class AppModule {}

const app = await NestFactory.create(AppModule);
enableGracefulShutdown(app);
await app.listen(process.env['PORT'] ?? 3000, '127.0.0.1');
