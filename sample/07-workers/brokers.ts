import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectAmqp } from 'amqplib';
import type { RmqOptions } from '@nestjs/microservices';
import { Queue, type QueueOptions } from 'bullmq';

/** The services that must run on their standard ports, and the packages that contain them. */
const BROKERS = [
  { name: 'RabbitMQ', port: 5672, install: 'rabbitmq-server' },
  { name: 'Redis', port: 6379, install: 'redis-server' },
];
const RABBITMQ = 'amqp://127.0.0.1:5672';

/** The name of BullMQ's queue. Its prefix keeps runs of this sample apart. */
export const INVOICES = 'invoices';

/** The services that do not run. */
export async function missingBrokers(): Promise<typeof BROKERS> {
  const listening = await Promise.all(BROKERS.map(({ port }) => isListening(port)));
  return BROKERS.filter((_, index) => !listening[index]);
}

/** The queue of this run in RabbitMQ, for producers and consumers. */
export function ordersOf(run: string): RmqOptions['options'] & object {
  // If this process is killed, RabbitMQ deletes the queue by itself.
  return { urls: [RABBITMQ], queue: run, queueOptions: { expires: 60_000 } };
}

/** The queue of this run in Redis. */
export function invoicesOf(run: string): QueueOptions {
  const connection = { host: '127.0.0.1', port: 6379 };
  return { connection, prefix: run, defaultJobOptions: { removeOnComplete: true } };
}

/** Removes everything of this run. */
export async function forget(run: string): Promise<void> {
  const rabbitmq = await connectAmqp(RABBITMQ);
  await (await rabbitmq.createChannel()).deleteQueue(run);
  await rabbitmq.close();
  const invoices = new Queue(INVOICES, invoicesOf(run));
  await invoices.obliterate({ force: true });
  await invoices.close();
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isConnected = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isConnected;
}
