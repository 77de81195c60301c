import 'reflect-metadata';
import { Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Database, OrdersController } from '../shop.js';

@Injectable()
class Pool extends Database implements OnModuleDestroy {
  onModuleDestroy(): void {
    this.close();
  }
}

@Module({
  controllers: [OrdersController],
  providers: [{ provide: Database, useClass: Pool }],
})
class AppModule {}

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(process.env['PORT'] ?? 3000, '127.0.0.1');
