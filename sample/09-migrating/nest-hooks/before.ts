import 'reflect-metadata';
import { Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Database, listening, OrdersController } from '../shop.js';

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

const app = await NestFactory.create(AppModule, { logger: false });
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
await listening(app);
