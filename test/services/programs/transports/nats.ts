import { Transport } from '@nestjs/microservices';
import { nestTransport } from '../nest-transport.js';

export const transport = nestTransport({
  server: ({ topic }) => ({
    transport: Transport.NATS,
    options: { servers: ['nats://127.0.0.1:4222'], queue: topic },
  }),
  client: () => ({ transport: Transport.NATS, options: { servers: ['nats://127.0.0.1:4222'] } }),
});
