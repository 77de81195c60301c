import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Database } from './database.js';
import { Metrics } from './metrics.service.js';
import { Receipts } from './receipts.service.js';

@Injectable()
export class Orders {
  readonly #logger = new Logger(Orders.name);

  constructor(
    private readonly database: Database,
    private readonly receipts: Receipts,
    private readonly metrics: Metrics,
  ) {}

  /** Writes the order and its message in one transaction, and returns the order's id. */
  async place(item: string): Promise<string> {
    await this.#authorisePayment();
    const id = randomUUID();
    await this.database.transaction(async (query) => {
      await query('insert into orders (id, item) values ($1, $2)', [id, item]);
      await query('insert into outbox (order_id) values ($1)', [id]);
    });
    this.metrics.count('orders placed');
    this.receipts.send(id).catch((error: unknown) => this.#logger.error(error));
    return id;
  }

  /** An external service takes a while. */
  async #authorisePayment(): Promise<void> {
    await sleep(100 + Math.random() * 500);
  }
}
