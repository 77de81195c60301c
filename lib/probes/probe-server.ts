import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { Probes } from './probes.js';

/** The port of the probes: open once the other modules are initialised, closed after servers and transports. */
export class ProbeServer implements OnModuleInit, OnApplicationShutdown {
  #server: Server | undefined;

  constructor(
    private readonly probes: Probes,
    private readonly address: { readonly port: number | undefined; readonly host: string } | undefined,
  ) {}

  /** The port that is listened on; `undefined` where there is none. */
  get port(): number | undefined {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? address.port : undefined;
  }

  async onModuleInit(): Promise<void> {
    if (this.address?.port === undefined) return;
    const server = createServer((request, response) => {
      const answer = this.probes.answer((request.url ?? '/').replace(/[?#].*$/s, ''));
      response.writeHead(answer?.statusCode ?? 404, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(answer?.body ?? { status: 'unknown' }));
    });
    this.#server = server;
    server.listen(this.address.port, this.address.host);
    await once(server, 'listening');
  }

  onApplicationShutdown(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
  }
}
