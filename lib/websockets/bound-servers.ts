import type { Server } from 'node:net';
import { notDrained } from '../notice.js';
import { memberOf } from '../nest/members.js';
import type { ApplicationInMaking } from '../feature.js';
import { followAdapter } from './follow-adapter.js';
import type { GatewayClients } from './gateway-clients.js';
import { missingIn } from './gateway-seams.js';
import { listenersOf, socketsOf } from './known-libraries.js';

/** The servers that gateways are bound to. */
export class BoundServers {
  readonly bound = new Set<object>();
  readonly #listeners = new Set<Server>();
  readonly #own = new Set<Server>();
  readonly #reported = new Set<string>();

  constructor(private readonly ports: Pick<ApplicationInMaking, 'notify' | 'watch'>) {}

  get listeners(): Iterable<Server> {
    return this.#listeners;
  }

  /** The listeners of gateways with a port of their own. */
  get own(): Iterable<Server> {
    return this.#own;
  }

  /** The Node sockets of the clients. */
  get sockets(): readonly object[] {
    return [...this.bound].flatMap(socketsOf);
  }

  follow(
    adapter: object,
    { clients, streams }: { readonly clients: GatewayClients; readonly streams: 'finish' | 'end' },
  ): void {
    const missing = missingIn(adapter);
    if (missing.length > 0) this.#tell(adapter.constructor.name, `it has no ${missing.join(' and no ')}`);
    followAdapter(adapter, {
      clients,
      streams,
      onServer: (server) => this.#bind(server, adapter),
      onUnknown: () => {
        const why = 'its library is neither ws nor socket.io, so it is cut when Nest closes the server';
        this.#tell(`A client of ${adapter.constructor.name}`, why);
      },
    });
  }

  /** Warns if Nest has an adapter and no binding was seen. A standalone app does not have an adapter. */
  check(adapter: object | undefined): void {
    if (adapter === undefined || this.bound.size > 0) return;
    this.#tell('A gateway', 'Nest bound it to its server in an unknown way, or not at all');
  }

  #bind(server: object, adapter: object): void {
    this.bound.add(server);
    const listeners = listenersOf(server, adapter);
    for (const listener of listeners) {
      this.#listeners.add(listener);
      if (listener === memberOf(adapter, 'httpServer')) continue;
      this.#own.add(listener);
      this.ports.watch(listener);
    }
    if (listeners.length > 0) return;
    const why =
      'its listener is not where its library usually keeps it, so the port stays open until Nest closes it';
    this.#tell(`The port of a gateway on ${adapter.constructor.name}`, why);
  }

  /** Warns once for each subject, however many clients it concerns. */
  #tell(what: string, why: string): void {
    if (this.#reported.has(what)) return;
    this.#reported.add(what);
    this.ports.notify(notDrained(what, why));
  }
}
