// The senders, in a separate process. They send messages to RabbitMQ and jobs to Redis whether or not an instance takes
// them, and calls over WebSockets to instances that come and go.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { Queue } from 'bullmq';
import { lastValueFrom } from 'rxjs';
import { INVOICES, invoicesOf, ordersOf } from './brokers.js';
import type { Work } from './messages.js';
import { SocketClient } from './socket-client.js';
import { tell } from './tell.js';

const CLIENTS = 10;
/** Average milliseconds between two calls of a client; and between two messages, and two jobs. */
const CALL_EVERY = 100;
const ORDER_EVERY = 30;
/** Milliseconds after which an unanswered call has failed. */
const PATIENCE = 10_000;

Logger.overrideLogger(['warn', 'error']);
const [run = '', ...ports] = process.argv.slice(2);
const orders = ClientProxyFactory.create({ transport: Transport.RMQ, options: ordersOf(run) });
const invoices = new Queue(INVOICES, invoicesOf(run));
const clients = Array.from({ length: CLIENTS }, (_, index) => {
  // Half of the clients start with the first instance, half with the second.
  const [first, second] = index % 2 === 0 ? ports : ports.toReversed();
  return new SocketClient([first ?? '', second ?? ''], (why) =>
    tell({ kind: 'failed', work: 'socket calls', why }),
  );
});
const stopping = new AbortController();
process.once('message', () => stopping.abort());
process.once('disconnect', () => process.exit());

await Promise.all([orders.connect(), ...clients.map((client) => client.connect())]);
tell({ kind: 'started' });
await Promise.all([
  every(ORDER_EVERY, () => send('messages', (id) => lastValueFrom(orders.emit('order placed', { id })))),
  every(ORDER_EVERY, () => send('jobs', (id) => invoices.add('write', { id }))),
  ...clients.map((client) => every(CALL_EVERY, () => send('socket calls', (id) => client.call(id)))),
]);
for (const client of clients) client.close();
await Promise.all([orders.close(), invoices.close()]);
tell({ kind: 'stopped', resent: clients.reduce((sum, { resent }) => sum + resent, 0) });
process.disconnect();

/** Repeats the work without waiting for its end, until the stop. Then waits for all of it. */
async function every(ms: number, work: () => Promise<void>): Promise<void> {
  const under: Promise<void>[] = [];
  while (!stopping.signal.aborted) {
    under.push(work());
    await sleep(Math.random() * 2 * ms);
  }
  await Promise.all(under);
}

/** Sends a piece of work. It is sent when the broker confirms it, or when the call is answered. */
async function send(work: Work, how: (id: string) => Promise<unknown>): Promise<void> {
  const id = randomUUID();
  tell({ kind: 'sent', work, id });
  if (work === 'jobs') tell({ kind: 'sent', work: 'follow-ups', id });
  const answered = how(id).then(() => undefined, String);
  const why = await Promise.race([answered, sleep(PATIENCE, 'no answer', { ref: false })]);
  if (why !== undefined) tell({ kind: 'failed', work, why: `${id}: ${why}` });
}
