import type { InFlightItem } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import { GatewayClient } from './gateway-client.js';
import { connectionOf } from './known-libraries.js';

type State =
  | { readonly status: 'taking' }
  /** New clients are refused. Those that still connect had started before that. */
  | { readonly status: 'closed'; readonly onLate: (client: GatewayClient) => void };

/** The connected clients, and those that have gone while work for them is still in progress. */
export class GatewayClients {
  readonly #all = new WeakMap<object, GatewayClient>();
  readonly #present = new Set<GatewayClient>();
  readonly #waiting = new Set<() => void>();
  #state: State = { status: 'taking' };

  constructor(private readonly clock: Clock) {}

  get present(): readonly GatewayClient[] {
    return [...this.#present];
  }

  /** The work in progress, oldest first, and the number of idle clients. */
  get items(): readonly InFlightItem[] {
    const now = this.clock.now();
    const busy = this.present.flatMap(({ items }) => items);
    const idle = this.present.filter((client) => client.isIdle);
    const libraries = new Set(idle.map(({ library }) => library));
    const counted = Array.from(libraries, (library): InFlightItem => {
      const clients = idle.filter((client) => client.library === library);
      return {
        name: `${clients.length} ${clients.length === 1 ? 'client' : 'clients'} (${library.name})`,
        ageMs: now - Math.min(...clients.map(({ connectedAt }) => connectedAt)),
      };
    });
    return [...busy.toSorted((a, b) => b.ageMs - a.ageMs), ...counted];
  }

  /** The client of a socket, if it is registered. */
  known(socket: unknown): GatewayClient | undefined {
    const found = typeof socket === 'object' && socket !== null ? connectionOf(socket) : undefined;
    return found && this.#all.get(found.connection);
  }

  /**
   * Registers a socket, which may be a further one of a known client. Returns `'late'` if clients are refused by
   * now, and `'unknown'` if the socket belongs to an unknown library.
   */
  connect(socket: object): 'taken' | 'late' | 'unknown' {
    const found = connectionOf(socket);
    if (found === undefined) return 'unknown';
    const { library, connection } = found;
    const known = this.#all.get(connection);
    const client = known ?? this.#add(new GatewayClient(connection, library, this.#ports), connection);
    client.sockets.add(socket);
    // A client that waits for its turn may still join a namespace.
    if (this.#state.status === 'taking' || known?.status === 'open') return 'taken';
    if (known === undefined) this.#state.onLate(client);
    return 'late';
  }

  /** From now on new clients are refused. */
  closeDoors(onLate: (client: GatewayClient) => void): void {
    this.#state = { status: 'closed', onLate };
  }

  /** Resolves when all clients have gone and no work is in progress. */
  async empty(): Promise<void> {
    while (this.#present.size > 0) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  #add(client: GatewayClient, connection: object): GatewayClient {
    this.#all.set(connection, client);
    this.#present.add(client);
    return client;
  }

  get #ports() {
    return { clock: this.clock, onChange: (client: GatewayClient) => this.#changed(client) };
  }

  #changed(client: GatewayClient): void {
    // Work that starts after the client has gone is its `handleDisconnect`.
    if (client.status !== 'gone' || !client.isIdle) this.#present.add(client);
    else this.#present.delete(client);
    if (this.#present.size > 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}
