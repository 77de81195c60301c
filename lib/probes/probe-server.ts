import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { pathOf, send, type Probes } from './probes.js';

export interface ProbeServerParts {
  readonly address: { readonly port: number | undefined; readonly host: string } | undefined;
  /** Resolves when the app has started. */
  readonly started: Promise<void>;
  readonly onListening: (at: { readonly url: string; readonly paths: readonly string[] }) => void;
}

/**
 * The server of the probes' own port. Opens after all other modules are initialised, and closes after servers and
 * transports.
 *
 * If startup fails, the port does not keep the process alive: it is unreferenced until the app has started.
 */
export class ProbeServer implements OnModuleInit, OnApplicationShutdown {
  #server: Server | undefined;

  /** @internal Created by Nest. */
  constructor(
    private readonly probes: Probes,
    private readonly parts: ProbeServerParts,
  ) {}

  /** The address it listens on, with the actual port if 0 was configured. `undefined` while it does not listen. */
  get address(): AddressInfo | undefined {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? address : undefined;
  }

  /** @internal Called by Nest. */
  async onModuleInit(): Promise<void> {
    await this.open();
    void this.parts.started.then(() => this.#server?.ref());
  }

  /** @internal Called by Nest. */
  onApplicationShutdown(): void {
    this.close();
  }

  /** @internal Opens the port if the options name one. */
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

  /** @internal Closes the port, so that no probe takes the app for alive. */
  close(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = undefined;
  }
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
