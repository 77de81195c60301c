import { Transport, type RmqContext, type RmqOptions } from '@nestjs/microservices';
import { nestTransport } from '../nest-transport.js';

const options = (queue: string, port = 5672): RmqOptions['options'] & object => ({
  urls: [`amqp://127.0.0.1:${port}`],
  socketOptions: { reconnectTimeInSeconds: 0.1 },
  queue,
  // Gone soon after the test, and not with its first consumer.
  queueOptions: { durable: false, expires: 30_000 },
});

export const transport = nestTransport({
  server: ({ topic, via }) => ({
    transport: Transport.RMQ,
    options: { ...options(topic, via), noAck: false, prefetchCount: 50 },
  }),
  client: ({ topic }) => ({ transport: Transport.RMQ, options: options(topic) }),
  acknowledge: (context: unknown) => {
    // The one place where a context is believed to be of the transport that it comes from.
    const rmq = context as RmqContext;
    rmq.getChannelRef().ack(rmq.getMessage());
  },
});
