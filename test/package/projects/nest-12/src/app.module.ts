import { Module } from '@nestjs/common';
import { GracefulShutdownModule } from 'nestjs-phased-shutdown';
import { Database } from './database.js';
import { OrdersController } from './orders.controller.js';
import { OrdersOutbox } from './orders-outbox.js';

@Module({
  imports: [GracefulShutdownModule.forRoot()],
  controllers: [OrdersController],
  providers: [Database, OrdersOutbox],
})
export class AppModule {}
