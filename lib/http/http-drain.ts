import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Server, Socket } from 'node:net';
import { UNREADY_PHASE } from '../plan/phase.js';
import type { InFlightItem, ShutdownContext, ShutdownTask } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import { DrainedServer } from './drained-server.js';
import type { HttpSettings } from './http.options.js';

/** Node tells of every accepted socket here, also of those of servers that nobody shows us. */
const ACCEPTED = 'net.server.socket';

/**
 * Drains the HTTP servers of the application: from the beginning of the shutdown clients are sent away at the
 * end of a response, then the listener closes, and what is in flight finishes.
 */
export class HttpDrain {
  readonly #servers = new Map<Server, DrainedServer>();
  readonly #onAccepted = (message: unknown): void => this.#adoptSibling(message);

  constructor(
    /** `false` leaves the servers to Nest. */
    private readonly settings: HttpSettings | false,
    private readonly clock: Clock,
  ) {}

  /**
   * Drains a server of `node:http`, `node:https` or `node:http2` with those of the application; asking twice
   * changes nothing. A server that never listened is neither drained nor waited for.
   */
  watch(server: Server): void {
    if (this.settings === false || this.#servers.has(server)) return;
    if (this.#servers.size === 0) subscribe(ACCEPTED, this.#onAccepted);
    this.#servers.set(server, new DrainedServer(server, { ...this.settings, clock: this.clock }));
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
      {
        name: 'HttpDrain.leave',
        phase: UNREADY_PHASE,
        run: () => {
          for (const server of this.#servers.values()) server.leave();
        },
      },
      {
        name: 'HttpDrain',
        phase,
        inFlight: () => this.items,
        run: (context) => this.#drain(context, idleGrace),
      },
    ];
  }

  async #drain({ reason, signal }: ShutdownContext, idleGrace: number): Promise<void> {
    const servers = [...this.#servers.values()];
    const sever = (): void => servers.forEach((server) => server.sever());
    signal.addEventListener('abort', sever, { once: true });
    // Who calls close() has no clients that could still be on their way.
    const isFromOutside = reason.kind === 'signal' || reason.kind === 'message';
    await Promise.all(servers.map((server) => server.drain(isFromOutside ? idleGrace : 0)));
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
    const isSibling = [...this.#servers.keys()].some((known) => portOf(known) === port);
    if (port === undefined || !isSibling) return;
    this.watch(server);
    this.#servers.get(server)?.adopt(socket);
  }
}

function portOf(server: Server): number | undefined {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : undefined;
}
