import type { Server } from 'node:net';

/**
 * Whether anybody can reach the application: one of its servers listens, or was handed a connection. The servers
 * are asked themselves, whoever called `listen`.
 */
export class ReachedServers {
  readonly #servers = new Set<Server>();
  /** Servers that need not listen: somebody else accepts for them. */
  #handed = false;
  /** Resolves as the first is reached. */
  readonly first: Promise<void>;
  #onFirst: () => void = () => undefined;

  constructor() {
    this.first = new Promise((resolve) => {
      this.#onFirst = resolve;
    });
  }

  add(server: Server): void {
    if (this.#servers.has(server)) return;
    this.#servers.add(server);
    if (server.listening) this.#onFirst();
    server.on('listening', () => this.#onFirst());
    server.once('connection', () => this.hand());
  }

  /** A request or a connection has come, whichever way. */
  hand(): void {
    if (this.#handed) return;
    this.#handed = true;
    this.#onFirst();
  }

  /** `undefined` where the application has no server. */
  get isReached(): boolean | undefined {
    if (this.#servers.size === 0 && !this.#handed) return undefined;
    return this.#handed || [...this.#servers].some(({ listening }) => listening);
  }
}
