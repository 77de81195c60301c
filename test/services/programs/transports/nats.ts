import { Transport } from '@nestjs/microservices';
import { nestTransport } from '../nest-transport.js';

export const transport = nestTransport({
  server: ({ topic, via = 4222 }) => ({
    transport: Transport.NATS,
    options: { servers: [`nats://127.0.0.1:${via}`], queue: topic, reconnectTimeWait: 100 },
  }),
  client: () => ({ transport: Transport.NATS, options: { servers: ['nats://127.0.0.1:4222'] } }),
});
