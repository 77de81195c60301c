import type { Socket } from 'node:net';
import type { InFlightItem } from '../plan/task.js';
import { Connection } from './connection.js';
import type { EventStreamFarewell } from './event-stream.js';
import type { Exchange } from './exchange.js';
import { followHead } from './response-head.js';

/** The connections of a server that speak HTTP/1.1. */
export class Http1Connections {
  readonly #connections = new Map<Socket, Connection>();
  #status: 'serving' | 'leaving' = 'serving';

  constructor(
    private readonly now: () => number,
    /** A connection has closed, or is not ours any more. */
    private readonly onGone: () => void,
  ) {}

  connect(socket: Socket): Connection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection = new Connection(socket, this.now());
    this.#connections.set(socket, connection);
    socket.once('close', () => this.release(socket));
    return connection;
  }

  /** Lets go of a socket: it has closed, or it left HTTP and is its new owner's. */
  release(socket: Socket): void {
    if (this.#connections.delete(socket)) this.onGone();
  }

  begin(exchange: Exchange): void {
    const connection = this.connect(exchange.request.socket);
    if (connection.has(exchange.request)) return;
    connection.begin(exchange);
    followHead(exchange, () => this.#status === 'leaving' && connection.isLast(exchange));
    // Every request comes this way: a plain listener and no look at the clock, which only the drain needs.
    exchange.response.on('close', () => {
      connection.end(exchange, this.#status === 'serving' ? exchange.startedAt : this.now());
    });
  }

  /** From now on clients are to leave after the last response of their connection. */
  leave(): void {
    this.#status = 'leaving';
  }

  get exchanges(): readonly Exchange[] {
    return this.#all.flatMap(({ exchanges }) => exchanges);
  }

  /** The requests of which only a part has come, counted: they have no name yet. */
  get incomplete(): readonly InFlightItem[] {
    const now = this.now();
    const ages = this.#all.filter(({ isIncomplete }) => isIncomplete).map((each) => each.idleMs(now));
    if (ages.length === 0) return [];
    const name = ages.length === 1 ? '1 incomplete request' : `${ages.length} incomplete requests`;
    return [{ name, ageMs: Math.max(...ages) }];
  }

  get idle(): readonly Socket[] {
    return this.#all.filter(({ isIdle }) => isIdle).map(({ socket }) => socket);
  }

  /** Whether the drain waits for a connection: for all but those with nothing but ignored requests on them. */
  isWaited(isIgnored: (exchange: Exchange) => boolean): boolean {
    for (const { exchanges } of this.#connections.values()) {
      if (exchanges.length === 0 || !exchanges.every(isIgnored)) return true;
    }
    return false;
  }

  /**
   * Ends the streams of server-sent events, and their connections with them: on a connection that stays open
   * for a while a client would come back at once.
   */
  endEventStreams(farewell: EventStreamFarewell): void {
    for (const connection of this.#connections.values()) {
      for (const exchange of connection.exchanges) {
        if (!exchange.endEventStream(farewell)) continue;
        exchange.response.once('finish', () => {
          if (connection.isLast(exchange)) connection.socket.destroySoon();
        });
      }
    }
  }

  /** Closes what has been idle for so long, counted from an instant on. */
  closeIdle(idleGrace: number, since: number): void {
    const now = this.now();
    for (const connection of this.#connections.values()) {
      const idleMs = Math.min(connection.idleMs(now), now - since);
      // Destroyed and not ended: a request that crosses our FIN would still run, and its answer be lost.
      if (connection.isIdle && idleMs >= idleGrace) connection.socket.destroy();
    }
  }

  sever(): void {
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  get #all(): readonly Connection[] {
    return [...this.#connections.values()];
  }
}
