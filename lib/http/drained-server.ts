import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { Server, Socket } from 'node:net';
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
import { TlsHandshakes } from './tls-handshakes.js';

/** How often the drain looks for connections that have become idle. */
const SWEEP_INTERVAL = 20;

/** How a server is drained. */
export type DrainSettings = HttpSettings & {
  readonly clock: Clock;
  /** Whether a request waits for the run: it is not waited for, and its connection stays open for the answer. */
  readonly isSelfWait?: (request: IncomingMessage) => boolean;
};

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
  readonly #connections: Http1Connections;
  readonly #sessions = new Http2Sessions(() => this.#endIfDrained());
  readonly #handshakes = new TlsHandshakes(() => this.#endIfDrained());
  readonly #isTls: boolean;
  readonly #speaksHttp2: boolean;
  #state: State = { status: 'serving' };
  #drained: Promise<void> | undefined;

  constructor(
    readonly server: Server,
    private readonly settings: DrainSettings,
  ) {
    this.#isTls = server instanceof TlsServer;
    this.#speaksHttp2 = typeof Reflect.get(server, 'updateSettings') === 'function';
    this.#connections = new Http1Connections(settings.clock, () => this.#endIfDrained());
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
    const release = ({ socket }: IncomingMessage): void => this.#connections.release(socket);
    for (const event of ['upgrade', 'connect']) listenBeside(server, event, release);
  }

  /** Takes in a connection; also one that was accepted before we were told of the server. */
  accept(socket: Socket): void {
    if (this.#isTls) this.#handshakes.begin(socket);
    else if (!this.#speaksHttp2) this.#connections.connect(socket);
  }

  /** What is in flight, the oldest first. */
  get items(): readonly InFlightItem[] {
    const now = this.settings.clock.now();
    const named = this.#exchanges
      .filter((exchange) => !this.#isIgnored(exchange) && !this.#isSelfWait(exchange))
      .map((exchange) => exchange.item(now));
    return [...named, ...this.#connections.incomplete].toSorted((a, b) => b.ageMs - a.ageMs);
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
    this.#handshakes.sever();
    this.#sessions.sever((exchange) => this.#isSelfWait(exchange));
    this.#connections.sever((exchange) => this.#isSelfWait(exchange));
  }

  /** Cuts everything. */
  severAll(): void {
    this.#handshakes.sever();
    this.#sessions.sever(() => false);
    this.#connections.sever(() => false);
  }

  async #drain(idleGrace: number): Promise<void> {
    const { clock, late, serve } = this.settings;
    this.leave();
    if (this.server.listening) await this.#closeListener();
    this.#sessions.close();
    if (late === 'reject') refuseLateRequests(this.server, serve);
    await new Promise<void>((onDrained) => {
      this.#state = { status: 'draining', idleGrace, since: clock.now(), onDrained, sweep: undefined };
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
    else this.#sessions.begin(new Exchange(request, response, this.settings.clock.now()));
  }

  #sweep(): void {
    if (this.#state.status !== 'draining') return;
    const { clock, sse } = this.settings;
    const { idleGrace, since } = this.#state;
    this.#connections.endEventStreams(sse);
    this.#sessions.endEventStreams(sse);
    this.#connections.closeIdle(idleGrace, since);
    if (clock.now() - since >= idleGrace) this.#handshakes.sever();
    this.#endIfDrained();
    if (this.#state.status === 'draining') {
      this.#state.sweep = clock.schedule(() => this.#sweep(), SWEEP_INTERVAL);
    }
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
      this.#isIgnored(exchange) || this.#isSelfWait(exchange);
    return (
      this.#handshakes.size > 0 || this.#connections.isWaited(isIgnored) || this.#sessions.isWaited(isIgnored)
    );
  }

  #isIgnored({ path }: Exchange): boolean {
    return this.settings.ignore.includes(path);
  }

  #isSelfWait({ request }: Exchange): boolean {
    return this.settings.isSelfWait?.(request) ?? false;
  }
}
