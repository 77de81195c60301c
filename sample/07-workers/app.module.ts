import { BullModule } from '@nestjs/bullmq';
import { Module, type DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { GracefulShutdownModule } from 'nestjs-phased-shutdown';
import { drainWorkers } from 'nestjs-phased-shutdown/bullmq';
import { drainMicroservices } from 'nestjs-phased-shutdown/microservices';
import { drainSchedules } from 'nestjs-phased-shutdown/schedule';
import { drainGateways } from 'nestjs-phased-shutdown/websockets';
import { INVOICES, invoicesOf } from './brokers.js';
import { Invoices } from './invoices.processor.js';
import { OrdersController } from './orders.controller.js';
import { PricesGateway } from './prices.gateway.js';
import { Stock } from './stock.schedule.js';

@Module({})
export class AppModule {
  static for(run: string): DynamicModule {
    return {
      module: AppModule,
      imports: [
        GracefulShutdownModule.forRoot({
          // One line for each source of work.
          features: [
            drainMicroservices(),
            drainWorkers(),
            drainSchedules(),
            // For thousands of clients, keep the default of 2 000.
            // The clients send unanswered messages again.
            drainGateways({ window: 500, crossing: 'refuse' }),
          ],
          // Nothing probes readiness here: the drain itself informs brokers and clients.
          shutdownDelay: 0,
        }),
        BullModule.forRoot(invoicesOf(run)),
        BullModule.registerQueue({ name: INVOICES }),
        ScheduleModule.forRoot(),
      ],
      controllers: [OrdersController],
      providers: [Invoices, PricesGateway, Stock],
    };
  }
}
