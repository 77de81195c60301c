import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { OnShutdown } from 'nestjs-phased-shutdown';
import { Database } from './database.js';
import { Loop } from './loop.js';

/** Counts in memory, and writes the counts to a table from time to time. */
@Injectable()
export class Metrics implements OnApplicationBootstrap {
  readonly #counts = new Map<string, number>();
  readonly #loop = new Loop(() => this.#write(), 1_000);

  constructor(private readonly database: Database) {}

  count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  onApplicationBootstrap(): void {
    this.#loop.start();
  }

  /** Phase `flush`, in parallel with the outbox: neither needs the other. */
  @OnShutdown('flush')
  async writeRest(): Promise<void> {
    await this.#loop.stop();
    await this.#write();
  }

  async #write(): Promise<void> {
    for (const [name, amount] of this.#counts) {
      if (amount === 0) continue;
      await this.database.query('insert into metrics (name, amount) values ($1, $2)', [name, amount]);
      this.#counts.set(name, (this.#counts.get(name) ?? 0) - amount);
    }
  }
}
