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

/** How often the drain looks for connections that have become idle. */
const SWEEP_INTERVAL = 20;

/**
 * So much of the time between two looks counts at most: in the rest of it the loop was blocked or the process
 * stopped, and whatever a client sent could not be read.
 */
const COUNTED_LIMIT = 5 * SWEEP_INTERVAL;

/** A session of HTTP/2 ends by GOAWAY, and none of its responses says so. */
const isNeverSentAway = (): undefined => undefined;
const writeHttp2Head = headWriter(isNeverSentAway);

/** How a server is drained. */
export type DrainSettings = HttpSettings & {
  readonly clock: Clock;
  /** The sockets that left HTTP and that somebody else sends away. */
  readonly ownedSockets: () => ReadonlySet<object>;
  /** Whether a request waits for the run: it is not waited for, and its connection stays open for the answer. */
  readonly isSelfWait?: (request: IncomingMessage) => boolean;
};

type State =
  | { readonly status: 'serving' }
  | { readonly status: 'leaving' }
  | {
      readonly status: 'draining';
      readonly idleGrace: number;
      readonly onDrained: () => void;
      /** When the connections were last looked at. */
      lookedAt: number;
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
    // Connections that it has accepted before are shown by their next request.
    if (server.listening) {
      listenBeside(server, 'request', ({ socket, httpVersionMajor }: IncomingMessage) => {
        if (httpVersionMajor < 2) this.#connections.connect(socket);
      });
    }
    const release = (request: IncomingMessage, to: Socket | ServerResponse): void =>
      this.#release(request, to);
    for (const event of ['upgrade', 'connect']) listenBeside(server, event, release);
  }

  /** Takes in a connection; also one that was accepted before we were told of the server. */
  accept(socket: Socket): void {
    if (this.#isTls) this.#handshakes.begin(socket, this.settings.clock.now());
    else if (!this.#speaksHttp2) this.#connections.connect(socket);
  }

  /** What is in flight, the oldest first. */
  get items(): readonly InFlightItem[] {
    const now = this.settings.clock.now();
    const named = this.#exchanges
      .filter((exchange) => !this.#ignores(exchange.path) && !this.#isSelfWait(exchange))
      .map((exchange) => exchange.item(now));
    // While it serves, handshakes come and go.
    const handshakes = this.#state.status === 'serving' ? [] : this.#handshakes.items(now);
    const others = [
      ...this.#upgraded.items(now, this.#ignores),
      ...this.#connections.incomplete,
      ...handshakes,
    ];
    return [...named, ...others].toSorted((a, b) => b.ageMs - a.ageMs);
  }

  /** The requests in flight, also those that nobody waits for. */
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
   * Stops listening, lets what is in flight finish, and closes what is idle for `idleGrace` milliseconds.
   * Resolves when no connection is left that is waited for.
   */
  drain(idleGrace: number): Promise<void> {
    this.#drained ??= this.#drain(idleGrace);
    return this.#drained;
  }

  /** Takes in a request that came before we were told of the server, with its connection. */
  adopt(request: IncomingMessage, response: ServerResponse): void {
    if (request.httpVersionMajor < 2) this.#connections.connect(request.socket);
    this.#begin(request, response);
  }

  /** Cuts what is left, but for a request that waits for the run: it is answered when the run has ended. */
  sever(): void {
    this.#sever((exchange) => this.#isSelfWait(exchange));
  }

  /** Cuts everything. */
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
    // One turn ends the one in which we were called, in the other is read what came while the loop was blocked.
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
    // Under TLS it would be the handshake that is paused, and a session of HTTP/2 is not ours to pause.
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

  /** Lets go of a connection that leaves HTTP; with HTTP/2 it is only one stream that does. */
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
    // Read first, then judge: when a timer fires late, nothing that came meanwhile has been read.
    this.#state.sweep = clock.schedule(() => void turn().then(() => this.#sweep()), SWEEP_INTERVAL);
  }

  #endIfDrained(): void {
    if (this.#state.status !== 'draining' || this.#isWaited) return;
    const { sweep, onDrained } = this.#state;
    sweep?.cancel();
    this.#state = { status: 'drained' };
    // Ignored requests, for which nobody waits.
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
