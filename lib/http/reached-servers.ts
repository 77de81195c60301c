import type { Server } from 'node:net';

/**
 * Whether clients can reach the app: one of its servers listens, or has received a connection. Asks the servers
 * themselves, because anyone can call `listen`.
 */
export class ReachedServers {
  readonly #servers = new Set<Server>();
  /** A request or connection arrived without `listen`: another process or platform accepts for us. */
  #handed = false;
  /** Resolves when the first server can be reached. */
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

  /** A request or a connection has arrived, by any path. */
  hand(): void {
    if (this.#handed) return;
    this.#handed = true;
    this.#onFirst();
  }

  /** `undefined` if the app has no server. */
  get isReached(): boolean | undefined {
    if (this.#servers.size === 0 && !this.#handed) return undefined;
    return this.#handed || [...this.#servers].some(({ listening }) => listening);
  }
}
