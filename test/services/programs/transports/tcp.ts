import { Transport } from '@nestjs/microservices';
import { nestTransport } from '../nest-transport.js';

export const transport = nestTransport({
  server: ({ port }) => ({ transport: Transport.TCP, options: { host: '127.0.0.1', port } }),
  client: ({ port }) => ({ transport: Transport.TCP, options: { host: '127.0.0.1', port } }),
});
