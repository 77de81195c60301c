import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { OnShutdown } from 'nestjs-phased-shutdown';
import { Database } from './database.js';

/** The list of running shops. A shop signs on when it starts, and signs off when it stops. */
@Injectable()
export class Instances implements OnApplicationBootstrap {
  readonly #id = randomUUID();

  constructor(private readonly database: Database) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.database.query('insert into instances (id) values ($1)', [this.#id]);
  }

  /** Phase `close`, like the database. It injects the database, so it runs first. */
  @OnShutdown()
  async signOff(): Promise<void> {
    await this.database.query('update instances set stopped_at = now() where id = $1', [this.#id]);
  }
}
