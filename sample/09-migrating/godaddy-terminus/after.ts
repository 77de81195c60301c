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
  imports: [GracefulShutdownModule.forRoot({ shutdownDelay: 300, probes: { readiness: '/readyz' } })],
  controllers: [OrdersController],
  providers: [{ provide: Database, useClass: Pool }],
})
class AppModule {}

const app = await NestFactory.create(AppModule);
enableGracefulShutdown(app);
await app.listen(process.env['PORT'] ?? 3000, '127.0.0.1');
