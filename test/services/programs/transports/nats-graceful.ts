import { Transport } from '@nestjs/microservices';
import { nestTransport } from '../nest-transport.js';

/** With Nest's own graceful shutdown, which waits for the whole of its grace period. */
export const transport = nestTransport({
  server: ({ topic }) => ({
    transport: Transport.NATS,
    options: {
      servers: ['nats://127.0.0.1:4222'],
      queue: topic,
      gracefulShutdown: true,
      gracePeriod: 20_000,
    },
  }),
  client: () => ({ transport: Transport.NATS, options: { servers: ['nats://127.0.0.1:4222'] } }),
});
