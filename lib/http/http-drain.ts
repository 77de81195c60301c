import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Server, Socket } from 'node:net';
import { UNREADY_PHASE } from '../plan/phase.js';
import { isFromOutside } from '../plan/reason.js';
import type { InFlightItem, ShutdownContext, ShutdownTask } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import { DrainedServer } from './drained-server.js';
import type { HttpSettings } from './http.options.js';

/** Node tells of every accepted socket here, also of those of servers that nobody shows us. */
const ACCEPTED = 'net.server.socket';

type State =
  | { readonly status: 'serving' }
  | { readonly status: 'leaving' }
  | {
      readonly status: 'draining';
      readonly idleGrace: number;
      readonly drains: Promise<void>[];
      /** A server that has stopped listening does not know its port any more. */
      readonly ports: readonly (number | undefined)[];
    };

/**
 * Drains the HTTP servers of the application: from the beginning of the shutdown clients are sent away at the
 * end of a response, then the listener closes, and what is in flight finishes.
 */
export class HttpDrain {
  readonly #servers = new Map<Server, DrainedServer>();
  readonly #owners: (() => Iterable<object>)[] = [];
  readonly #onAccepted = (message: unknown): void => this.#adoptSibling(message);
  #state: State = { status: 'serving' };

  /** @internal Nest makes it. */
  constructor(
    /** `false` leaves the servers to Nest. */
    private readonly settings: HttpSettings | false,
    private readonly clock: Clock,
  ) {}

  /**
   * Drains a server of `node:http`, `node:https` or `node:http2` with those of the application; asking twice
   * changes nothing. A server that never listened is not waited for, and one that comes during the drain is
   * drained with the others.
   */
  watch(server: Server): void {
    if (this.settings === false || this.#servers.has(server)) return;
    if (this.#servers.size === 0) subscribe(ACCEPTED, this.#onAccepted);
    const drained = new DrainedServer(server, {
      ...this.settings,
      clock: this.clock,
      ownedSockets: () => new Set(this.#owners.flatMap((sockets) => [...sockets()])),
    });
    this.#servers.set(server, drained);
    if (this.#state.status !== 'serving') drained.leave();
    if (this.#state.status === 'draining') this.#state.drains.push(drained.drain(this.#state.idleGrace));
  }

  /** Leaves sockets that left HTTP to whoever shows them here, and sends them away. */
  leaveTo(sockets: () => Iterable<object>): void {
    this.#owners.push(sockets);
  }

  /** The requests in flight on all servers, the oldest first. */
  get items(): readonly InFlightItem[] {
    return [...this.#servers.values()]
      .flatMap((server) => server.items)
      .toSorted((a, b) => b.ageMs - a.ageMs);
  }

  /** The tasks that send the clients away and drain the servers. */
  tasks(): readonly ShutdownTask[] {
    if (this.settings === false) return [];
    const { phase, idleGrace } = this.settings;
    return [
      { name: 'HttpDrain.leave', phase: UNREADY_PHASE, run: () => this.#leave() },
      {
        name: 'HttpDrain',
        phase,
        inFlight: () => this.items,
        run: (context) => this.#drain(context, idleGrace),
      },
    ];
  }

  #leave(): void {
    this.#state = { status: 'leaving' };
    for (const server of this.#servers.values()) server.leave();
  }

  async #drain({ reason, signal }: ShutdownContext, configured: number): Promise<void> {
    const sever = (): void => {
      for (const server of this.#servers.values()) server.sever();
    };
    signal.addEventListener('abort', sever, { once: true });
    // Who calls close() has no clients that could still be on their way.
    const idleGrace = isFromOutside(reason) ? configured : 0;
    const ports = this.#ports;
    const drains = Array.from(this.#servers.values(), (server) => server.drain(idleGrace));
    this.#state = { status: 'draining', idleGrace, drains, ports };
    // More come while it waits, where a server is found meanwhile.
    for (const drained of drains) await drained;
    unsubscribe(ACCEPTED, this.#onAccepted);
  }

  /** Fastify listens on each address of `localhost` with a server of its own, and shows only the first. */
  #adoptSibling(message: unknown): void {
    if (typeof message !== 'object' || message === null || !('socket' in message)) return;
    const { socket } = message;
    if (!(socket instanceof Socket)) return;
    const server: unknown = Reflect.get(socket, 'server');
    if (!(server instanceof Server) || this.#servers.has(server)) return;
    const port = portOf(server);
    if (port === undefined || !this.#ports.includes(port)) return;
    this.watch(server);
    this.#servers.get(server)?.accept(socket);
  }

  get #ports(): readonly (number | undefined)[] {
    return this.#state.status === 'draining' ? this.#state.ports : Array.from(this.#servers.keys(), portOf);
  }
}

function portOf(server: Server): number | undefined {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : undefined;
}
