import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Injectable, Module } from '@nestjs/common';
import { OnShutdown } from 'nestjs-phased-shutdown';
import { Accounts, AccountsModule } from './accounts.module.js';
import { DatabaseModule, Pool } from './database.module.js';

@Injectable()
export class OrdersRepository {
  constructor(private readonly pool: Pool) {}

  @OnShutdown()
  async end(): Promise<void> {
    await this.pool.query();
  }
}

/** Has no handler itself. The injection order still passes through it. */
@Injectable()
export class OrdersService {
  constructor(
    readonly repository: OrdersRepository,
    readonly accounts: Accounts,
  ) {}
}

@Controller('orders')
export class OrdersController {
  constructor(readonly orders: OrdersService) {}

  @OnShutdown()
  async end(): Promise<void> {
    await sleep(20);
  }
}

@Module({
  imports: [DatabaseModule, AccountsModule],
  controllers: [OrdersController],
  providers: [OrdersService, OrdersRepository],
})
export class OrdersModule {}
