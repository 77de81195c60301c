import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { OnShutdown, type ShutdownContext } from 'nestjs-phased-shutdown';
import { Broker } from './broker.js';
import { Database } from './database.js';
import { Loop } from './loop.js';

/** Publishes what the outbox holds: in the background in small batches, at the end all that is left. */
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

  /** Phase `flush`: the drain is over, so no order is being written any more, and the rest is the rest. */
  @OnShutdown('flush')
  async publishRest({ signal }: ShutdownContext): Promise<void> {
    await this.#loop.stop();
    while (!signal.aborted && (await this.#publish(50)) > 0);
  }

  /** Answers how many were published. A process that is killed between publish and commit publishes twice. */
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
