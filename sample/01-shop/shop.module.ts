import { Module } from '@nestjs/common';
import { GracefulShutdownModule } from 'nestjs-phased-shutdown';
import { Broker } from './broker.js';
import { Database } from './database.js';
import { Instances } from './instances.service.js';
import { Metrics } from './metrics.service.js';
import { OrdersController } from './orders.controller.js';
import { Orders } from './orders.service.js';
import { Outbox } from './outbox.service.js';
import { Receipts } from './receipts.service.js';

/** Where the embedded database and the broker keep their files. */
const directory = process.env['SHOP_DIRECTORY'] ?? 'shop-data';

@Module({
  imports: [
    GracefulShutdownModule.forRoot({
      // Time for the load balancer to notice. Behind a real one, use about 5 000.
      shutdownDelay: 500,
      // GET /readyz and /livez.
      probes: {},
      logger: console,
    }),
  ],
  controllers: [OrdersController],
  providers: [
    { provide: Database, useFactory: () => Database.open(directory) },
    { provide: Broker, useFactory: () => Broker.connect(directory) },
    Orders,
    Receipts,
    Outbox,
    Metrics,
    Instances,
  ],
})
export class ShopModule {}
