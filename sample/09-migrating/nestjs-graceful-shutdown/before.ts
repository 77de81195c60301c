import 'reflect-metadata';
import { Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GracefulShutdownModule, setupGracefulShutdown } from 'nestjs-graceful-shutdown';
import { Database, OrdersController } from '../shop.js';

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

const app = await NestFactory.create(AppModule);
setupGracefulShutdown({ app });
await app.listen(process.env['PORT'] ?? 3000, '127.0.0.1');
