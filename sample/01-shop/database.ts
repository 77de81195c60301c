import { basename, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { Injectable } from '@nestjs/common';
import { OnShutdown } from 'nestjs-phased-shutdown';
import { Pool } from 'pg';

/** Runs one statement and returns its rows. */
export type Query = <Row>(sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** What the shop needs from PostgreSQL, embedded or on a server. */
interface Connections {
  readonly query: Query;
  readonly transaction: <T>(work: (query: Query) => Promise<T>) => Promise<T>;
  readonly end: () => Promise<void>;
}

const TABLES = [
  'create table if not exists orders (id uuid primary key, item text not null)',
  'create table if not exists outbox (id bigserial primary key, order_id uuid not null, sent_at timestamptz)',
  'create table if not exists receipts (order_id uuid not null)',
  'create table if not exists metrics (name text not null, amount integer not null)',
  'create table if not exists instances (id uuid primary key, stopped_at timestamptz)',
];

/**
 * The shop's PostgreSQL: embedded in the process, with its files in a directory. If `DATABASE_URL` is set, it is a real
 * server, and the directory's name is the schema.
 */
@Injectable()
export class Database {
  readonly query: Query;
  readonly transaction: Connections['transaction'];

  private constructor(private readonly connections: Connections) {
    this.query = connections.query;
    this.transaction = connections.transaction;
  }

  static async open(directory: string): Promise<Database> {
    const url = process.env['DATABASE_URL'];
    const database = new Database(
      url === undefined ? await openEmbedded(directory) : openServer(url, schemaOf(directory)),
    );
    if (url !== undefined) await database.query(`create schema if not exists ${schemaOf(directory)}`);
    for (const table of TABLES) await database.query(table);
    return database;
  }

  /** Phase `close`, in reverse injection order: everything that injects the database has closed before. */
  @OnShutdown()
  async close(): Promise<void> {
    await this.connections.end();
  }

  /** Drops the tables of this run from a server. The files of an embedded database are removed with their directory. */
  async forget(directory: string): Promise<void> {
    if (process.env['DATABASE_URL'] === undefined) return;
    await this.query(`drop schema ${schemaOf(directory)} cascade`);
  }
}

async function openEmbedded(directory: string): Promise<Connections> {
  const embedded = await PGlite.create(join(directory, 'database'));
  const queryOf =
    (runner: Pick<PGlite, 'query'>): Query =>
    async <Row>(sql: string, values: readonly unknown[] = []) =>
      (await runner.query<Row>(sql, [...values])).rows;
  return {
    query: queryOf(embedded),
    transaction: (work) => embedded.transaction((transaction) => work(queryOf(transaction))),
    end: () => embedded.close(),
  };
}

function openServer(connectionString: string, schema: string): Connections {
  const pool = new Pool({ connectionString, options: `-c search_path=${schema}` });
  return {
    query: async (sql, values = []) => (await pool.query(sql, [...values])).rows,
    transaction: async (work) => {
      const client = await pool.connect();
      try {
        await client.query('begin');
        const result = await work(async (sql, values = []) => (await client.query(sql, [...values])).rows);
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        client.release();
      }
    },
    end: () => pool.end(),
  };
}

function schemaOf(directory: string): string {
  return basename(directory).toLowerCase().replaceAll(/\W/g, '_');
}
