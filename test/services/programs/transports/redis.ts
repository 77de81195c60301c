import { Transport } from '@nestjs/microservices';
import { nestTransport } from '../nest-transport.js';

const options = { host: '127.0.0.1', port: 6379 };

export const transport = nestTransport({
  server: ({ via = 6379 }) => ({
    transport: Transport.REDIS,
    options: { ...options, port: via, retryAttempts: 100, retryDelay: 100 },
  }),
  client: () => ({ transport: Transport.REDIS, options }),
});
