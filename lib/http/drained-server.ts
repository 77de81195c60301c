import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import { Socket, type Server } from 'node:net';
import { Server as TlsServer, type TLSSocket } from 'node:tls';
import type { InFlightItem } from '../plan/task.js';
import type { Clock, Timer } from '../run/clock.js';
import { closeListener, stopListening } from './close-listener.js';
import { Exchange } from './exchange.js';
import { Http1Connections } from './http1-connections.js';
import { Http2Sessions } from './http2-sessions.js';
import type { HttpSettings } from './http.options.js';
import { refuseLateRequests } from './late-requests.js';
import { listenBeside } from './listen-beside.js';
import { turn } from './loop-turn.js';
import { pathMatcher, type PathMatcher } from './path-pattern.js';
import { RepeatedClose } from './repeated-close.js';
import { headWriter, lookAtHead } from './response-head.js';
import { TlsHandshakes } from './tls-handshakes.js';
import { UpgradedSockets } from './upgraded-sockets.js';

/** Milliseconds between two checks for idle connections during the drain. */
const SWEEP_INTERVAL = 20;

/**
 * Milliseconds that count at most between two checks. In the rest of that time the loop was blocked or the process
 * stopped, so nothing that a client sent could be read.
 */
const COUNTED_LIMIT = 5 * SWEEP_INTERVAL;

/** An HTTP/2 session ends by GOAWAY, so its responses carry no `Connection: close`. */
const isNeverSentAway = (): undefined => undefined;
const writeHttp2Head = headWriter(isNeverSentAway);

export type DrainSettings = HttpSettings & {
  readonly clock: Clock;
  /** Sockets that left HTTP and that another owner closes. */
  readonly ownedSockets: () => ReadonlySet<object>;
  /**
   * Whether a request waits for the end of the run. The drain does not wait for it, and keeps its connection open
   * for the response.
   */
  readonly isSelfWait?: (request: IncomingMessage) => boolean;
};

type State =
  | { readonly status: 'serving' }
  | { readonly status: 'leaving' }
  | {
      readonly status: 'draining';
      readonly idleGrace: number;
      readonly onDrained: () => void;
      /** Time of the last check of the connections. */
      lookedAt: number;
      sweep: Timer | undefined;
    }
  | { readonly status: 'drained' };

/**
 * One server of `node:http`, `node:https` or `node:http2`, with what is in flight on it.
 *
 * serving → leaving (the last response of each connection says `Connection: close`) → draining (not listening; work
 * in flight finishes, idle connections close) → drained.
 */
export class DrainedServer {
  readonly #connections: Http1Connections;
  readonly #sessions = new Http2Sessions(() => this.#endIfDrained());
  readonly #handshakes = new TlsHandshakes(() => this.#endIfDrained());
  readonly #upgraded: UpgradedSockets;
  readonly #ignores: PathMatcher;
  readonly #close: RepeatedClose;
  readonly #isTls: boolean;
  readonly #speaksHttp2: boolean;
  #state: State = { status: 'serving' };
  #drained: Promise<void> | undefined;

  constructor(
    readonly server: Server,
    private readonly settings: DrainSettings,
  ) {
    this.#close = new RepeatedClose(server, () => this.#state.status === 'drained');
    this.#ignores = pathMatcher(settings.ignore);
    this.#isTls = server instanceof TlsServer;
    this.#speaksHttp2 = typeof Reflect.get(server, 'updateSettings') === 'function';
    this.#connections = new Http1Connections(settings.clock, () => this.#endIfDrained());
    this.#upgraded = new UpgradedSockets(settings.ownedSockets, () => this.#endIfDrained());
    server.on('connection', (socket: Socket) => this.accept(socket));
    server.on('secureConnection', (socket: TLSSocket) => this.#secured(socket));
    server.on('session', (session: ServerHttp2Session) => this.#sessions.add(session));
    const begin = (request: IncomingMessage, response: ServerResponse): void =>
      this.#begin(request, response);
    for (const event of ['request', 'checkContinue', 'checkExpectation']) listenBeside(server, event, begin);
    // Connections accepted before now become known with their next request.
    if (server.listening) {
      listenBeside(server, 'request', ({ socket, httpVersionMajor }: IncomingMessage) => {
        if (httpVersionMajor < 2) this.#connections.connect(socket);
      });
    }
    const release = (request: IncomingMessage, to: Socket | ServerResponse): void =>
      this.#release(request, to);
    for (const event of ['upgrade', 'connect']) listenBeside(server, event, release);
  }

  /** Takes in a connection, which the server may have accepted before we watched it. */
  accept(socket: Socket): void {
    if (this.#isTls) this.#handshakes.begin(socket, this.settings.clock.now());
    else if (!this.#speaksHttp2) this.#connections.connect(socket);
  }

  /** What is in flight, oldest first. */
  get items(): readonly InFlightItem[] {
    const now = this.settings.clock.now();
    const named = this.#exchanges
      .filter((exchange) => !this.#ignores(exchange.path) && !this.#isSelfWait(exchange))
      .map((exchange) => exchange.item(now));
    // While the server still listens, handshakes come and go.
    const handshakes = this.#state.status === 'serving' ? [] : this.#handshakes.items(now);
    const others = [
      ...this.#upgraded.items(now, this.#ignores),
      ...this.#connections.incomplete,
      ...handshakes,
    ];
    return [...named, ...others].toSorted((a, b) => b.ageMs - a.ageMs);
  }

  /** The requests in flight, including those that the drain does not wait for. */
  get requests(): readonly IncomingMessage[] {
    return this.#exchanges.map(({ request }) => request);
  }

  /** From now on the last response of each connection closes it. */
  leave(): void {
    if (this.#state.status !== 'serving') return;
    this.#state = { status: 'leaving' };
    this.#connections.leave();
  }

  /**
   * Stops listening, lets work in flight finish, and closes connections that have been idle for `idleGrace`
   * milliseconds. Resolves when nothing is left to wait for.
   */
  drain(idleGrace: number): Promise<void> {
    this.#drained ??= this.#drain(idleGrace);
    return this.#drained;
  }

  /** Takes in a request that arrived before we watched the server, with its connection. */
  adopt(request: IncomingMessage, response: ServerResponse): void {
    if (request.httpVersionMajor < 2) this.#connections.connect(request.socket);
    this.#begin(request, response);
  }

  /** Cuts what is left, except for requests that wait for the end of the run: they are answered after it. */
  sever(): void {
    this.#sever((exchange) => this.#isSelfWait(exchange));
  }

  severAll(): void {
    this.#sever(() => false);
  }

  #sever(isSpared: (exchange: Exchange) => boolean): void {
    this.#handshakes.sever();
    this.#upgraded.sever();
    this.#sessions.sever(isSpared);
    this.#connections.sever(isSpared);
  }

  async #drain(idleGrace: number): Promise<void> {
    const { clock, late, serve } = this.settings;
    this.leave();
    this.#close.takeOver();
    const wasListening = this.server.listening;
    if (wasListening) await this.#closeListener();
    if (late === 'reject') refuseLateRequests(this.server, pathMatcher(serve));
    // The first turn ends the current one; in the second, bytes that arrived while the loop was blocked are read.
    if (wasListening || this.#isWaited) {
      await turn();
      await turn();
    }
    this.#sessions.close();
    await new Promise<void>((onDrained) => {
      this.#state = {
        status: 'draining',
        idleGrace,
        onDrained,
        lookedAt: clock.now(),
        sweep: undefined,
      };
      this.#sweep();
    });
  }

  async #closeListener(): Promise<void> {
    // On TLS a pause would stop the handshake, and Node owns the sockets of HTTP/2 sessions.
    if (this.#isTls || this.#speaksHttp2) {
      stopListening(this.server);
      return;
    }
    const { idle } = this.#connections;
    await closeListener(this.server, { idle, now: () => this.settings.clock.now() });
  }

  #secured(socket: TLSSocket): void {
    this.#handshakes.end(socket);
    if (socket.alpnProtocol !== 'h2') this.#connections.connect(socket);
  }

  #begin(request: IncomingMessage, response: ServerResponse): void {
    if (request.httpVersionMajor < 2) this.#connections.begin(request, response);
    else {
      lookAtHead(response, writeHttp2Head, isNeverSentAway);
      this.#sessions.begin(new Exchange(request, response, this.settings.clock.now()));
    }
  }

  /** Lets go of a connection that leaves HTTP. On HTTP/2 only one stream leaves. */
  #release(request: IncomingMessage, to: Socket | ServerResponse): void {
    if (to instanceof Socket) {
      this.#upgraded.add(request, to, this.settings.clock.now());
      this.#connections.release(to);
    } else if (request.httpVersionMajor >= 2) {
      this.#begin(request, to);
    }
  }

  #sweep(): void {
    if (this.#state.status !== 'draining') return;
    const { clock, sse } = this.settings;
    const { idleGrace, lookedAt } = this.#state;
    const now = clock.now();
    const countedMs = Math.min(now - lookedAt, COUNTED_LIMIT);
    this.#state.lookedAt = now;
    this.#connections.endEventStreams(sse);
    this.#sessions.endEventStreams(sse);
    this.#upgraded.sendAway(countedMs);
    this.#sessions.closeSilent(countedMs, idleGrace);
    this.#connections.closeIdle(countedMs, idleGrace);
    this.#handshakes.cutIdle(countedMs, idleGrace);
    this.#endIfDrained();
    if (this.#state.status !== 'draining') return;
    // Read first, then check: when a timer fires late, nothing that arrived meanwhile has been read.
    this.#state.sweep = clock.schedule(() => void turn().then(() => this.#sweep()), SWEEP_INTERVAL);
  }

  #endIfDrained(): void {
    if (this.#state.status !== 'draining' || this.#isWaited) return;
    const { sweep, onDrained } = this.#state;
    sweep?.cancel();
    this.#state = { status: 'drained' };
    // What is left are ignored requests.
    this.sever();
    onDrained();
  }

  get #exchanges(): readonly Exchange[] {
    return [...this.#connections.exchanges, ...this.#sessions.exchanges];
  }

  get #isWaited(): boolean {
    const isIgnored = (exchange: Exchange): boolean =>
      this.#ignores(exchange.path) || this.#isSelfWait(exchange);
    return (
      this.#handshakes.size > 0 ||
      this.#upgraded.isWaited(this.#ignores) ||
      this.#connections.isWaited(isIgnored) ||
      this.#sessions.isWaited(isIgnored)
    );
  }

  #isSelfWait({ request }: Exchange): boolean {
    return this.settings.isSelfWait?.(request) ?? false;
  }
}
