import 'reflect-metadata';
import { Controller, Get, Inject, Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Database, OrdersController } from '../shop.js';

@Injectable()
class Pool extends Database implements OnModuleDestroy {
  onModuleDestroy(): void {
    this.close();
  }
}

@Controller('health')
class HealthController {
  constructor(@Inject(HealthCheckService) private readonly health: HealthCheckService) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([]);
  }
}

@Module({
  imports: [TerminusModule.forRoot({ gracefulShutdownTimeoutMs: 300 })],
  controllers: [OrdersController, HealthController],
  providers: [{ provide: Database, useClass: Pool }],
})
class AppModule {}

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(process.env['PORT'] ?? 3000, '127.0.0.1');
