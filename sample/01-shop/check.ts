import type { ShutdownReport } from 'nestjs-phased-shutdown';
import { publishedTo } from './broker.js';
import { Database } from './database.js';
import type { SentRequest } from './messages.js';

/** A promise, and whether the counted value keeps it. */
export interface Check {
  readonly what: string;
  readonly counted: unknown;
  readonly promise: string;
  readonly holds: boolean;
}

/** The ids of the orders that the shop confirmed to a client. */
export function acceptedIn(requests: readonly SentRequest[]): readonly string[] {
  return requests.flatMap(({ result }) => (result.kind === 'accepted' ? [result.orderId] : []));
}

/** What the clients saw. */
export function checkRequests(requests: readonly SentRequest[], signalAt: number): readonly Check[] {
  const count = (which: (request: SentRequest) => boolean): number => requests.filter(which).length;
  const sent = requests.length;
  const inFlight = count(({ sentAt, endedAt }) => sentAt < signalAt && endedAt >= signalAt);
  const after = count(({ sentAt }) => sentAt >= signalAt);
  const accepted = acceptedIn(requests).length;
  const refused = count(({ result }) => result.kind === 'refused');
  const failures = requests.flatMap(({ result }) => (result.kind === 'failed' ? [result.why] : []));
  return [
    { what: 'sent', counted: sent, promise: 'by all clients together', holds: sent > 0 },
    { what: 'in flight at SIGTERM', counted: inFlight, promise: 'some: it was busy', holds: inFlight > 0 },
    { what: 'sent after SIGTERM', counted: after, promise: 'until the balancer noticed', holds: true },
    { what: 'accepted', counted: accepted, promise: 'every one that was sent', holds: accepted === sent },
    { what: 'refused', counted: refused, promise: 'none', holds: refused === 0 },
    {
      what: 'failed',
      counted: failures.length,
      promise: failures[0] ?? 'none',
      holds: failures.length === 0,
    },
  ];
}

/** What the shop has stored. Its process is gone, so the check opens the database itself. */
export async function checkStored(directory: string, accepted: readonly string[]): Promise<readonly Check[]> {
  const database = await Database.open(directory);
  const read = async (values: string): Promise<readonly string[]> =>
    (await database.query<{ value: string }>(`select ${values}`)).map(({ value }) => value);
  try {
    const orders = await read('id::text as value from orders');
    const outbox = await read(`order_id || case when sent_at is null then ' unsent' else '' end as value
                                 from outbox`);
    const published = await publishedTo(directory);
    const receipts = await read('order_id::text as value from receipts');
    const counted = (await read('amount as value from metrics')).reduce((sum, n) => sum + Number(n), 0);
    const signedOn = await read('id::text as value from instances where stopped_at is null');
    return [
      rowFor('orders', { rows: orders, accepted, promise: 'each accepted one, and no other' }),
      rowFor('outbox', { rows: outbox, accepted, promise: 'a row for each, marked as sent' }),
      rowFor('published', { rows: published, accepted, promise: 'each exactly once' }),
      rowFor('receipts', { rows: receipts, accepted, promise: 'one for each' }),
      { what: 'metrics', counted, promise: 'each was counted', holds: counted === accepted.length },
      {
        what: 'shops still signed on',
        counted: signedOn.length,
        promise: 'none',
        holds: signedOn.length === 0,
      },
    ];
  } finally {
    await database.forget(directory);
    await database.close();
  }
}

/** How the shop exited. */
export function checkEnd(outcome: ShutdownReport['outcome'], exitCode: unknown): readonly Check[] {
  return [
    {
      what: 'outcome of the report',
      counted: outcome,
      promise: 'every task completed',
      holds: outcome === 'completed',
    },
    { what: 'exit code', counted: exitCode, promise: 'clean', holds: exitCode === 0 },
  ];
}

/** Whether the rows are exactly the accepted orders, each once. */
function rowFor(
  what: string,
  {
    rows,
    accepted,
    promise,
  }: { readonly rows: readonly string[]; readonly accepted: readonly string[]; readonly promise: string },
): Check {
  const holds = JSON.stringify(rows.toSorted()) === JSON.stringify(accepted.toSorted());
  return { what, counted: rows.length, promise, holds };
}
