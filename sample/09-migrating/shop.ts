// What all of these applications have in common: an order needs the database, before and after its work.
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Inject, Injectable, type INestApplication } from '@nestjs/common';

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

/** Tells main.ts where the application listens. */
export async function listening(app: INestApplication): Promise<void> {
  process.send?.({ url: await app.getUrl() });
  // A channel to the parent is nothing that a server has to close.
  process.disconnect();
}
