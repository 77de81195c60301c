import type { Notice } from '../notice.js';
import { finding } from './finding.js';

/** Fires when a RabbitMQ consumer has its messages acknowledged before they are handled. */
export function noAck(consumer: string): Notice {
  return finding(
    'no-ack',
    `${consumer} consumes with noAck: true, so RabbitMQ forgets each message on delivery: a message that a deadline or a crash cuts off is lost. Use noAck: false, and acknowledge at the end of the message handler.`,
  );
}
