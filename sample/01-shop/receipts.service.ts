import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { InFlight } from 'nestjs-phased-shutdown';
import { Database } from './database.js';

/** Writes a receipt after the customer has an answer. No request waits for it, but the drain does. */
@Injectable()
export class Receipts {
  constructor(private readonly database: Database) {}

  @InFlight('receipt')
  async send(orderId: string): Promise<void> {
    await sleep(300);
    await this.database.query('insert into receipts (order_id) values ($1)', [orderId]);
  }
}
