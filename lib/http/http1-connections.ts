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
  /** Requests pass at the lowest possible cost. */
  | { readonly status: 'serving'; readonly begun: BegunExchanges }
  /** Each exchange is followed to its end. */
  | { readonly status: 'leaving' };

/** The HTTP/1.1 connections of a server. */
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
    /** Called when a connection has closed, or is no longer ours. */
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

  /** Lets go of a socket that has closed, or has left HTTP and belongs to a new owner. */
  release(socket: Socket): void {
    if (this.#connections.delete(socket)) this.onGone();
  }

  begin(request: IncomingMessage, response: ServerResponse): void {
    lookAtHead(response, this.#writeHead, this.#closes);
    if (this.#state.status === 'serving') this.#state.begun.add(request, response);
    else this.#follow(new Exchange(request, response, this.clock.now()));
  }

  /** From now on the last response of each connection closes it. */
  leave(): void {
    if (this.#state.status === 'leaving') return;
    const inFlight = this.#state.begun.take();
    this.#state = { status: 'leaving' };
    const now = this.clock.now();
    for (const connection of this.#connections.values()) connection.leave(now);
    // Sockets that have left HTTP since belong to a new owner.
    for (const exchange of inFlight) {
      if (this.#connections.has(exchange.request.socket)) this.#follow(exchange);
    }
  }

  get exchanges(): readonly Exchange[] {
    if (this.#state.status === 'serving') return this.#state.begun.inFlight;
    return this.#all.flatMap(({ exchanges }) => exchanges);
  }

  /** The requests whose head is incomplete, counted as one item: they have no name yet. */
  get incomplete(): readonly InFlightItem[] {
    // While serving, nothing records where the last request of a connection ended.
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

  /**
   * Whether the drain waits for a connection. It waits for all except those that carry nothing but ignored
   * requests.
   */
  isWaited(isIgnored: (exchange: Exchange) => boolean): boolean {
    for (const connection of this.#connections.values()) {
      if (!connection.isBusy || !connection.every(isIgnored)) return true;
    }
    return false;
  }

  /**
   * Ends streams of server-sent events and closes their connections: on a connection that stays open, the client
   * would reconnect at once.
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

  /**
   * Adds time during which the connections could have been read, and closes those that have been idle for
   * `idleGrace`.
   */
  closeIdle(countedMs: number, idleGrace: number): void {
    const now = this.clock.now();
    for (const connection of this.#connections.values()) {
      const idleMs = connection.idleMs(countedMs, now);
      // Destroyed, not ended: a request that crosses our FIN would still run, and its response be lost.
      if (connection.isIdle && idleMs >= idleGrace) connection.socket.destroy();
    }
  }

  /** Cuts all connections, except those with a spared request: they close after its response. */
  sever(isSpared: (exchange: Exchange) => boolean): void {
    for (const connection of this.#connections.values()) {
      const spared = connection.exchanges.filter(isSpared);
      if (spared.length === 0) cutConnection(connection);
      for (const { response } of spared) response.once('close', () => connection.socket.destroySoon());
    }
  }

  #follow(exchange: Exchange): void {
    const connection = this.connect(exchange.request.socket);
    // After `checkContinue` the server emits the same request a second time.
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

/** If a body is delimited by the end of its connection, a FIN would make it look complete. */
function cutConnection(connection: Connection): void {
  const isOpenEnded = !connection.every(({ response }) => !endsWithConnection(response));
  if (isOpenEnded) cut(connection.socket);
  else connection.socket.destroy();
}
