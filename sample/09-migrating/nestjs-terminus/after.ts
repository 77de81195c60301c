import 'reflect-metadata';
import { Controller, Get, Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { enableGracefulShutdown, GracefulShutdownModule, OnShutdown } from 'nestjs-phased-shutdown';
import { ShutdownHealthIndicator } from 'nestjs-phased-shutdown/terminus';
import { Database, OrdersController } from '../shop.js';

@Injectable()
class Pool extends Database {
  @OnShutdown()
  override close(): void {
    super.close();
  }
}

@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(ShutdownHealthIndicator) private readonly shutdown: ShutdownHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    // Fails from the signal on, so the balancer moves traffic away while the app still serves.
    return this.health.check([() => this.shutdown.isReady()]);
  }
}

@Module({
  imports: [TerminusModule, GracefulShutdownModule.forRoot({ shutdownDelay: 300 })],
  controllers: [OrdersController, HealthController],
  providers: [ShutdownHealthIndicator, { provide: Database, useClass: Pool }],
})
class AppModule {}

const app = await NestFactory.create(AppModule);
enableGracefulShutdown(app);
await app.listen(process.env['PORT'] ?? 3000, '127.0.0.1');
