import { Transport } from '@nestjs/microservices';
import { nestTransport } from '../nest-transport.js';

const options = { host: '127.0.0.1', port: 6379 };

export const transport = nestTransport({
  server: () => ({ transport: Transport.REDIS, options }),
  client: () => ({ transport: Transport.REDIS, options }),
});
