import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { pathOf, send, type Probes } from './probes.js';

/** What the port of the probes needs to know. */
export interface ProbeServerParts {
  readonly address: { readonly port: number | undefined; readonly host: string } | undefined;
  /** Resolves when the application has started. */
  readonly started: Promise<void>;
  readonly onListening: (at: { readonly url: string; readonly paths: readonly string[] }) => void;
}

/**
 * The port of the probes: open once the other modules are initialised, closed after servers and transports.
 *
 * A start that fails leaves nothing of it: until the application has started, the port keeps no process alive.
 */
export class ProbeServer implements OnModuleInit, OnApplicationShutdown {
  #server: Server | undefined;

  /** @internal Nest makes it. */
  constructor(
    private readonly probes: Probes,
    private readonly parts: ProbeServerParts,
  ) {}

  /** Where it listens, also on the free port that 0 asked for; `undefined` while it does not. */
  get address(): AddressInfo | undefined {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? address : undefined;
  }

  /** @internal Nest calls it. */
  async onModuleInit(): Promise<void> {
    await this.open();
    void this.parts.started.then(() => this.#server?.ref());
  }

  /** @internal Nest calls it. */
  onApplicationShutdown(): void {
    this.close();
  }

  /** @internal Opens the port, where the options name one. */
  async open(): Promise<void> {
    const { address, onListening } = this.parts;
    if (address?.port === undefined || this.#server !== undefined) return;
    const server = createServer((request, response) => {
      const answer = this.probes.answer(pathOf(request.url ?? '/'));
      send(response, answer ?? { statusCode: 404, body: { status: 'unknown' } });
    });
    this.#server = server;
    server.unref();
    server.on('connection', (socket: Socket) => socket.unref());
    server.listen(address.port, address.host);
    await once(server, 'listening');
    const at = this.address;
    if (at !== undefined) onListening({ url: urlOf(at), paths: this.probes.paths });
  }

  /** @internal Closes the port: nobody shall believe that the application is alive. */
  close(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = undefined;
  }
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
