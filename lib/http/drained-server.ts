import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import { Server as TlsServer } from 'node:tls';
import type { Server, Socket } from 'node:net';
import type { InFlightItem } from '../plan/task.js';
import type { Clock, Timer } from '../run/clock.js';
import { closeAfterLast } from './closing-header.js';
import { closeListener, stopListening } from './close-listener.js';
import { Connection } from './connection.js';
import { endEventStream } from './event-stream.js';
import type { HttpSettings } from './http.options.js';
import { itemOf, pathOf, wantsEventStream, type Exchange } from './exchange.js';
import { Http2Sessions } from './http2-sessions.js';
import { refuseLateRequests } from './late-requests.js';

/** How often the drain looks for connections that have become idle. */
const SWEEP_INTERVAL = 20;

/** How a server is drained. */
export type DrainSettings = HttpSettings & { readonly clock: Clock };

type State =
  | { readonly status: 'serving' }
  | { readonly status: 'leaving' }
  | {
      readonly status: 'draining';
      readonly idleGrace: number;
      readonly since: number;
      readonly onDrained: () => void;
      sweep: Timer | undefined;
    }
  | { readonly status: 'drained' };

/**
 * A server of `node:http`, `node:https` or `node:http2`, with what is in flight on it.
 *
 * serving → leaving (every last response says `Connection: close`) → draining (not listening any more; what is
 * in flight finishes, what is idle is closed) → drained.
 */
export class DrainedServer {
  readonly #connections = new Map<Socket, Connection>();
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Http2Sessions(() => this.#endIfDrained());
  readonly #speaksHttp2: boolean;
  #state: State = { status: 'serving' };

  constructor(
    readonly server: Server,
    private readonly settings: DrainSettings,
  ) {
    this.#speaksHttp2 = typeof Reflect.get(server, 'updateSettings') === 'function';
    const isTls = server instanceof TlsServer;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    if (this.#speaksHttp2) server.on('session', (session: ServerHttp2Session) => this.#sessions.add(session));
    else server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => this.#connect(socket));
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#begin(request, response),
    );
    this.#followUpgrades();
  }

  /** Takes in a connection that was accepted before we were told of the server. */
  adopt(socket: Socket): void {
    if (!this.#speaksHttp2 && !this.#connections.has(socket)) this.#connect(socket);
  }

  /** What is in flight, the oldest first. */
  get items(): readonly InFlightItem[] {
    const now = this.settings.clock.now();
    return this.#exchanges()
      .filter((exchange) => !this.#isIgnored(exchange))
      .map((exchange) => itemOf(exchange, now))
      .toSorted((a, b) => b.ageMs - a.ageMs);
  }

  /** From now on the last response of each connection closes it. */
  leave(): void {
    if (this.#state.status !== 'serving') return;
    this.#state = { status: 'leaving' };
    for (const connection of this.#connections.values()) {
      for (const exchange of connection.exchanges) closeAfterLast(exchange, connection);
    }
  }

  /**
   * Stops listening, lets what is in flight finish, and closes what is idle for `idleGrace` milliseconds.
   * Resolves when no connection is left, or at once where the server does not listen.
   */
  async drain(idleGrace: number): Promise<void> {
    const { clock, late, serve } = this.settings;
    this.leave();
    if (!this.server.listening || this.#state.status !== 'leaving') return;
    await this.#closeListener();
    this.#sessions.close();
    if (late === 'reject') refuseLateRequests(this.server, serve);
    await new Promise<void>((resolve) => {
      this.#state = {
        status: 'draining',
        idleGrace,
        since: clock.now(),
        onDrained: resolve,
        sweep: undefined,
      };
      this.#sweep();
    });
  }

  /** Cuts what is left. */
  sever(): void {
    this.#sessions.sever();
    for (const socket of this.#connections.keys()) socket.destroy();
    for (const socket of this.#sockets) socket.destroy();
    this.#endIfDrained();
  }

  async #closeListener(): Promise<void> {
    // Under TLS it would be the handshake that is paused, and a session of HTTP/2 is not ours to pause.
    if (this.server instanceof TlsServer || this.#speaksHttp2) {
      stopListening(this.server);
      return;
    }
    const idle = Array.from(this.#connections.values())
      .filter((connection) => connection.isIdle)
      .map(({ socket }) => socket);
    await closeListener(this.server, { idle, now: () => this.settings.clock.now() });
  }

  #connect(socket: Socket): Connection {
    const connection = new Connection(socket, this.settings.clock.now());
    this.#connections.set(socket, connection);
    socket.once('close', () => {
      this.#connections.delete(socket);
      this.#endIfDrained();
    });
    return connection;
  }

  #begin(request: IncomingMessage, response: ServerResponse): void {
    const exchange: Exchange = { request, response, startedAt: this.settings.clock.now() };
    if (request.httpVersionMajor >= 2) {
      this.#sessions.begin(sessionOf(request), exchange);
      return;
    }
    const connection = this.#connections.get(request.socket) ?? this.#connect(request.socket);
    connection.begin(exchange);
    if (this.#state.status !== 'serving') closeAfterLast(exchange, connection);
    response.once('close', () => {
      connection.end(exchange, this.settings.clock.now());
    });
  }

  /** A socket that left HTTP is its owner's; listening for the event alone would change what Node does. */
  #followUpgrades(): void {
    const release = (request: IncomingMessage): void => {
      this.#connections.delete(request.socket);
      this.#sockets.delete(request.socket);
      this.#endIfDrained();
    };
    for (const event of ['upgrade', 'connect']) {
      if (this.server.listenerCount(event) > 0) {
        this.server.prependListener(event, release);
        continue;
      }
      const onNewListener = (name: string): void => {
        if (name !== event) return;
        this.server.off('newListener', onNewListener);
        this.server.prependListener(event, release);
      };
      this.server.on('newListener', onNewListener);
    }
  }

  #sweep(): void {
    if (this.#state.status !== 'draining') return;
    const { clock, sse } = this.settings;
    const { idleGrace, since } = this.#state;
    const now = clock.now();
    for (const exchange of this.#exchanges()) {
      const { request, response } = exchange;
      if (response.headersSent && !response.writableEnded && wantsEventStream(request)) {
        endEventStream(response, sse, Math.random);
      }
    }
    for (const connection of this.#connections.values()) {
      const idleMs = Math.min(connection.idleMs(now), now - since);
      // Destroyed and not ended: a request that crosses our FIN would still run, and its answer be lost.
      if (connection.isIdle && idleMs >= idleGrace) connection.socket.destroy();
    }
    this.#endIfDrained();
    if (this.#state.status === 'draining') {
      this.#state.sweep = clock.schedule(() => this.#sweep(), SWEEP_INTERVAL);
    }
  }

  #endIfDrained(): void {
    if (this.#state.status !== 'draining' || this.#isWaited()) return;
    const { sweep, onDrained } = this.#state;
    sweep?.cancel();
    this.#state = { status: 'drained' };
    // What nobody waits for: ignored requests, and sockets that never came to speak.
    for (const socket of this.#connections.keys()) socket.destroy();
    for (const socket of this.#sockets) socket.destroy();
    this.#sessions.sever();
    onDrained();
  }

  #isWaited(): boolean {
    const isIgnored = (exchange: Exchange): boolean => this.#isIgnored(exchange);
    const connections = [...this.#connections.values()];
    const sessionsWait =
      this.#sessions.size > 0 &&
      (this.#sessions.exchanges.length === 0 || !this.#sessions.exchanges.every(isIgnored));
    return (
      sessionsWait ||
      connections.some(({ exchanges }) => exchanges.size === 0 || ![...exchanges].every(isIgnored))
    );
  }

  #isIgnored({ request }: Exchange): boolean {
    return this.settings.ignore.includes(pathOf(request));
  }

  #exchanges(): readonly Exchange[] {
    const plain = [...this.#connections.values()].flatMap(({ exchanges }) => [...exchanges]);
    return [...plain, ...this.#sessions.exchanges];
  }
}

/** The session of a request that came over HTTP/2; Node's typings of the two kinds of requests differ. */
function sessionOf(request: IncomingMessage): ServerHttp2Session | undefined {
  const stream: unknown = Reflect.get(request, 'stream');
  const session: unknown =
    typeof stream === 'object' && stream !== null ? Reflect.get(stream, 'session') : undefined;
  return isSession(session) ? session : undefined;
}

function isSession(value: unknown): value is ServerHttp2Session {
  return typeof value === 'object' && value !== null && 'goaway' in value;
}
