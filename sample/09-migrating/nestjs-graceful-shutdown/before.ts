import 'reflect-metadata';
import { Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GracefulShutdownModule, setupGracefulShutdown } from 'nestjs-graceful-shutdown';
import { Database, listening, OrdersController } from '../shop.js';

@Module({
  imports: [
    GracefulShutdownModule.forRoot({
      cleanup: (app: INestApplication) => app.get(Database).close(),
      gracefulShutdownTimeout: 5_000,
    }),
  ],
  controllers: [OrdersController],
  providers: [Database],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
setupGracefulShutdown({ app });
await app.listen(0, '127.0.0.1');
await listening(app);
