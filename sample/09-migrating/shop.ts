// What all of these apps share: an order needs the database before and after its work.
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Inject, Injectable } from '@nestjs/common';

/** Fails every query once it is closed, as a pool does. */
@Injectable()
export class Database {
  #isOpen = true;

  query(): void {
    if (!this.#isOpen) throw new Error('the database is closed');
  }

  close(): void {
    this.#isOpen = false;
  }
}

@Controller('orders')
export class OrdersController {
  constructor(@Inject(Database) private readonly database: Database) {}

  @Get()
  async place(): Promise<{ ok: boolean }> {
    this.database.query();
    await sleep(100);
    this.database.query();
    return { ok: true };
  }
}
