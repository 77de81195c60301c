import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { OnShutdown, type ShutdownContext } from 'nestjs-phased-shutdown';
import { Broker } from './broker.js';
import { Database } from './database.js';
import { Loop } from './loop.js';

/** Publishes the messages of the outbox: small batches in the background, and all that is left at shutdown. */
@Injectable()
export class Outbox implements OnApplicationBootstrap {
  readonly #loop = new Loop(() => this.#publish(5), 100);

  constructor(
    private readonly database: Database,
    private readonly broker: Broker,
  ) {}

  onApplicationBootstrap(): void {
    this.#loop.start();
  }

  /** Phase `flush`: the drain has ended, so nothing writes orders any more, and this batch is the last. */
  @OnShutdown('flush')
  async publishRest({ signal }: ShutdownContext): Promise<void> {
    await this.#loop.stop();
    while (!signal.aborted && (await this.#publish(50)) > 0);
  }

  /** Returns how many messages were published. A process killed between publish and commit publishes twice. */
  async #publish(limit: number): Promise<number> {
    return this.database.transaction(async (query) => {
      const rows = await query<{ id: string; order_id: string }>(
        'select id, order_id from outbox where sent_at is null order by id limit $1 for update skip locked',
        [limit],
      );
      if (rows.length === 0) return 0;
      await this.broker.publish(rows.map((row) => row.order_id));
      await query('update outbox set sent_at = now() where id = any($1)', [rows.map((row) => row.id)]);
      return rows.length;
    });
  }
}
