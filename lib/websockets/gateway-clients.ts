import type { InFlightItem } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import { GatewayClient } from './gateway-client.js';
import { connectionOf } from './known-libraries.js';

type State =
  | { readonly status: 'taking' }
  /** Who still comes was on his way when the doors closed. */
  | { readonly status: 'closed'; readonly onLate: (client: GatewayClient) => void };

/** The clients that are connected, and those that are gone and something still goes on for. */
export class GatewayClients {
  readonly #all = new WeakMap<object, GatewayClient>();
  readonly #present = new Set<GatewayClient>();
  readonly #waiting = new Set<() => void>();
  #state: State = { status: 'taking' };

  constructor(private readonly clock: Clock) {}

  get present(): readonly GatewayClient[] {
    return [...this.#present];
  }

  /** What goes on, the oldest first, and how many clients are there without anything. */
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

  /** The client whose socket it is, if it has been taken in. */
  known(socket: unknown): GatewayClient | undefined {
    const found = typeof socket === 'object' && socket !== null ? connectionOf(socket) : undefined;
    return found && this.#all.get(found.connection);
  }

  /**
   * Takes in a socket, also of a client that has others; `'late'` where nobody is taken in any more, and
   * `'unknown'` where it is of no library that we know.
   */
  connect(socket: object): 'taken' | 'late' | 'unknown' {
    const found = connectionOf(socket);
    if (found === undefined) return 'unknown';
    const { library, connection } = found;
    const known = this.#all.get(connection);
    const client = known ?? this.#add(new GatewayClient(connection, library, this.#ports), connection);
    client.sockets.add(socket);
    // A further namespace of a client that waits for its turn is his right.
    if (this.#state.status === 'taking' || known?.status === 'open') return 'taken';
    if (known === undefined) this.#state.onLate(client);
    return 'late';
  }

  /** From now on nobody is taken in. */
  closeDoors(onLate: (client: GatewayClient) => void): void {
    this.#state = { status: 'closed', onLate };
  }

  /** Resolves when everybody is gone and nothing goes on. */
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
    // What begins when the client is gone already is its `handleDisconnect`.
    if (client.status !== 'gone' || !client.isIdle) this.#present.add(client);
    else this.#present.delete(client);
    if (this.#present.size > 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}
