import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { information, warning, type Notice, type Notify } from '../notice.js';
import { errorText } from '../plan/reason-text.js';
import { pathOf, send, type Probes } from './probes.js';

export interface ProbeServerParts {
  readonly address: { readonly port: number | undefined; readonly host: string } | undefined;
  /** Resolves when the app has started. */
  readonly started: Promise<void>;
  readonly notify: Notify;
}

/**
 * The server of the probes' own port. Opens after all other modules are initialised, and closes after servers and
 * transports.
 *
 * If startup fails, the port does not keep the process alive: it is unreferenced until the app has started.
 */
export class ProbeServer {
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

  /** @internal Opens the port as the app starts. Rejects when the port cannot be opened. */
  async start(): Promise<void> {
    await this.#open();
    void this.parts.started.then(() => this.#server?.ref());
  }

  /** @internal A start has ended: after a failed one the port is closed, and opened again with the next. */
  startEnded(outcome: 'started' | 'failed'): void {
    if (outcome === 'failed') this.close();
    else void this.#open().catch((error: unknown) => this.parts.notify(probesFailed(error)));
  }

  async #open(): Promise<void> {
    const { address, notify } = this.parts;
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
    if (at !== undefined) notify(probesListen(urlOf(at), this.probes.paths));
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

function probesListen(url: string, paths: readonly string[]): Notice {
  return information('probes-listen', `Probes listen on ${url} (${paths.join(', ')}).`);
}

function probesFailed(error: unknown): Notice {
  return warning('probes-failed', `The port of the probes could not be opened again: ${errorText(error)}`);
}
