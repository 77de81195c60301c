import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { InFlightItem } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import { BegunExchanges } from './begun-exchanges.js';
import { Connection } from './connection.js';
import { cut, endsWithConnection } from './cut.js';
import type { EventStreamFarewell } from './event-stream.js';
import { Exchange } from './exchange.js';
import { followEvents } from './event-boundary.js';
import { headWriter, isEventStream, lookAtHead } from './response-head.js';

type State =
  /** Requests pass at as little cost as can be. */
  | { readonly status: 'serving'; readonly begun: BegunExchanges }
  /** Each is followed to its end. */
  | { readonly status: 'leaving' };

/** The connections of a server that speak HTTP/1.1. */
export class Http1Connections {
  readonly #connections = new Map<Socket, Connection>();
  #state: State;
  readonly #closes = (response: ServerResponse): boolean | undefined =>
    this.#state.status === 'serving'
      ? undefined
      : this.#connections.get(response.req.socket)?.mayCloseAfter(response);
  readonly #writeHead = headWriter(this.#closes);

  constructor(
    private readonly clock: Clock,
    /** A connection has closed, or is not ours any more. */
    private readonly onGone: () => void,
  ) {
    this.#state = { status: 'serving', begun: new BegunExchanges(clock) };
  }

  connect(socket: Socket): Connection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection = new Connection(socket, this.clock.now());
    this.#connections.set(socket, connection);
    socket.once('close', () => this.release(socket));
    return connection;
  }

  /** Lets go of a socket: it has closed, or it left HTTP and is its new owner's. */
  release(socket: Socket): void {
    if (this.#connections.delete(socket)) this.onGone();
  }

  begin(request: IncomingMessage, response: ServerResponse): void {
    lookAtHead(response, this.#writeHead, this.#closes);
    if (this.#state.status === 'serving') this.#state.begun.add(request, response);
    else this.#follow(new Exchange(request, response, this.clock.now()));
  }

  /** From now on clients are to leave after the last response of their connection. */
  leave(): void {
    if (this.#state.status === 'leaving') return;
    const inFlight = this.#state.begun.take();
    this.#state = { status: 'leaving' };
    const now = this.clock.now();
    for (const connection of this.#connections.values()) connection.leave(now);
    // One that has left HTTP since is its new owner's.
    for (const exchange of inFlight) {
      if (this.#connections.has(exchange.request.socket)) this.#follow(exchange);
    }
  }

  get exchanges(): readonly Exchange[] {
    if (this.#state.status === 'serving') return this.#state.begun.inFlight;
    return this.#all.flatMap(({ exchanges }) => exchanges);
  }

  /** The requests of which only a part has come, counted: they have no name yet. */
  get incomplete(): readonly InFlightItem[] {
    // While it serves, nobody knows how far the last request of a connection went.
    if (this.#state.status === 'serving') return [];
    const now = this.clock.now();
    const ages = this.#all.filter(({ isIncomplete }) => isIncomplete).map((each) => each.ageMs(now));
    if (ages.length === 0) return [];
    const name = ages.length === 1 ? '1 incomplete request' : `${ages.length} incomplete requests`;
    return [{ name, ageMs: Math.max(...ages) }];
  }

  get idle(): readonly Socket[] {
    return this.#all.filter(({ isIdle }) => isIdle).map(({ socket }) => socket);
  }

  /** Whether the drain waits for a connection: for all but those with nothing but ignored requests on them. */
  isWaited(isIgnored: (exchange: Exchange) => boolean): boolean {
    for (const connection of this.#connections.values()) {
      if (!connection.isBusy || !connection.every(isIgnored)) return true;
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

  /** Counts time in which the connections could have been read, and closes what has been idle for so long. */
  closeIdle(countedMs: number, idleGrace: number): void {
    const now = this.clock.now();
    for (const connection of this.#connections.values()) {
      const idleMs = connection.idleMs(countedMs, now);
      // Destroyed and not ended: a request that crosses our FIN would still run, and its answer be lost.
      if (connection.isIdle && idleMs >= idleGrace) connection.socket.destroy();
    }
  }

  /** Cuts all connections, but for those on which a request is spared: they close when it has been answered. */
  sever(isSpared: (exchange: Exchange) => boolean): void {
    for (const connection of this.#connections.values()) {
      const spared = connection.exchanges.filter(isSpared);
      if (spared.length === 0) cutConnection(connection);
      for (const { response } of spared) response.once('close', () => connection.socket.destroySoon());
    }
  }

  #follow(exchange: Exchange): void {
    const connection = this.connect(exchange.request.socket);
    // After `checkContinue` the server emits it a second time.
    if (connection.has(exchange.request)) return;
    connection.begin(exchange);
    const { response } = exchange;
    if (response.headersSent && isEventStream(response)) followEvents(response, {});
    response.on('close', () => connection.end(exchange, this.clock.now()));
  }

  get #all(): readonly Connection[] {
    return [...this.#connections.values()];
  }
}

/** Where a body ends with its connection, a FIN would look like its end. */
function cutConnection(connection: Connection): void {
  const isOpenEnded = !connection.every(({ response }) => !endsWithConnection(response));
  if (isOpenEnded) cut(connection.socket);
  else connection.socket.destroy();
}
