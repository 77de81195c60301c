import { Injectable } from '@nestjs/common';
import { OnShutdown } from 'nestjs-phased-shutdown';
import { Database } from './database.js';

@Injectable()
export class OrdersOutbox {
  private readonly unpublished: string[] = [];

  constructor(private readonly database: Database) {}

  add(order: string): void {
    this.unpublished.push(order);
  }

  @OnShutdown({ phase: 'flush', timeout: 2_000 })
  async publishRest(): Promise<void> {
    await Promise.resolve();
    if (!this.database.isOpen) throw new Error('The database was closed before the outbox was empty.');
    this.database.rows.push(...this.unpublished.splice(0));
  }
}
