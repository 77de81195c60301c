import type { IncomingMessage } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import { cutResponse } from './cut.js';
import type { EventStreamFarewell } from './event-stream.js';
import type { Exchange } from './exchange.js';

/**
 * The sessions of an HTTP/2 server. They are left alone until the drain: Node's client closes its session on any
 * GOAWAY, and the server refuses what that client has just sent.
 */
export class Http2Sessions {
  readonly #sessions = new Map<ServerHttp2Session, Map<IncomingMessage, Exchange>>();
  /** Sessions that were opened during the drain and have sent no request yet, with the milliseconds waited so far. */
  readonly #silentMs = new Map<ServerHttp2Session, number>();
  #status: 'open' | 'closing' = 'open';

  constructor(private readonly onGone: () => void) {}

  get exchanges(): readonly Exchange[] {
    return [...this.#sessions.values()].flatMap((exchanges) => [...exchanges.values()]);
  }

  add(session: ServerHttp2Session): Map<IncomingMessage, Exchange> {
    const known = this.#sessions.get(session);
    if (known !== undefined) return known;
    const exchanges = new Map<IncomingMessage, Exchange>();
    this.#sessions.set(session, exchanges);
    session.once('close', () => {
      this.#sessions.delete(session);
      this.#silentMs.delete(session);
      this.onGone();
    });
    // Its first request may be in transit, and would be refused.
    if (this.#status === 'closing') this.#silentMs.set(session, 0);
    return exchanges;
  }

  begin(exchange: Exchange): void {
    const { request, response } = exchange;
    const session = sessionOf(request);
    if (session === undefined) return;
    const exchanges = this.add(session);
    if (exchanges.has(request)) return;
    exchanges.set(request, exchange);
    response.once('close', () => exchanges.delete(request));
    if (this.#silentMs.delete(session)) session.close();
  }

  /** Whether the drain waits for a session. It waits for all except those that carry nothing but ignored requests. */
  isWaited(isIgnored: (exchange: Exchange) => boolean): boolean {
    for (const exchanges of this.#sessions.values()) {
      if (exchanges.size === 0 || ![...exchanges.values()].every(isIgnored)) return true;
    }
    return false;
  }

  endEventStreams(farewell: EventStreamFarewell): void {
    for (const exchange of this.exchanges) exchange.endEventStream(farewell);
  }

  /** Sends GOAWAY: streams in flight finish, then each session closes by itself. */
  close(): void {
    this.#status = 'closing';
    for (const session of this.#sessions.keys()) session.close();
  }

  /**
   * Adds time during which new sessions could have been read, and closes those that have been silent for
   * `idleGrace`.
   */
  closeSilent(countedMs: number, idleGrace: number): void {
    for (const [session, silentMs] of this.#silentMs) {
      const counted = silentMs + countedMs;
      this.#silentMs.set(session, counted);
      if (counted >= idleGrace) session.close();
    }
  }

  /** Cuts all sessions, except those with a spared request: GOAWAY ends them after its response. */
  sever(isSpared: (exchange: Exchange) => boolean): void {
    const severed = [...this.#sessions].filter(([, exchanges]) => ![...exchanges.values()].some(isSpared));
    for (const [, exchanges] of severed) {
      for (const { response } of exchanges.values()) cutResponse(response);
    }
    // In the turn in which it is destroyed, a session does not send the resets.
    setImmediate(() => {
      for (const [session] of severed) session.destroy();
    });
  }
}

/** The session of an HTTP/2 request. Node's typings of the two request classes do not match. */
function sessionOf(request: IncomingMessage): ServerHttp2Session | undefined {
  const stream: unknown = Reflect.get(request, 'stream');
  const session: unknown =
    typeof stream === 'object' && stream !== null ? Reflect.get(stream, 'session') : undefined;
  return isSession(session) ? session : undefined;
}

function isSession(value: unknown): value is ServerHttp2Session {
  return typeof value === 'object' && value !== null && 'goaway' in value;
}
