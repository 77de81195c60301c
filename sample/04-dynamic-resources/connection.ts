import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/** A connection that must be closed exactly once. The class knows which connections are open. */
export class Connection {
  static readonly #open = new Set<Connection>();

  /** The names of the open connections. */
  static get open(): readonly string[] {
    return Array.from(Connection.#open, ({ name }) => name);
  }

  constructor(readonly name: string) {
    Connection.#open.add(this);
  }

  async query(): Promise<void> {
    assert.ok(Connection.#open.has(this), `${this.name} is used after its end`);
    await sleep(10);
  }

  async close(): Promise<void> {
    assert.ok(Connection.#open.delete(this), `${this.name} is closed twice`);
    await sleep(10);
  }
}
