import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { InFlight } from 'nestjs-phased-shutdown';
import { Database } from './database.js';

/** Writes a receipt when the customer has his answer already: nobody waits for it, except the drain. */
@Injectable()
export class Receipts {
  constructor(private readonly database: Database) {}

  @InFlight('receipt')
  async send(orderId: string): Promise<void> {
    await sleep(300);
    await this.database.query('insert into receipts (order_id) values ($1)', [orderId]);
  }
}
