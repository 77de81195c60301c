import { Module } from '@nestjs/common';
import { GracefulShutdownModule } from 'nestjs-phased-shutdown';
import { Database } from './database';
import { OrdersController } from './orders.controller';
import { OrdersOutbox } from './orders-outbox';

@Module({
  imports: [GracefulShutdownModule.forRoot()],
  controllers: [OrdersController],
  providers: [Database, OrdersOutbox],
})
export class AppModule {}
