import type { ServerHttp2Session } from 'node:http2';
import type { Exchange } from './exchange.js';

/**
 * The sessions of an HTTP/2 server. They are left alone until the drain: Node's client closes its session on
 * any GOAWAY, and what it has just sent is refused.
 */
export class Http2Sessions {
  readonly #sessions = new Map<ServerHttp2Session, Set<Exchange>>();
  #closing = false;

  constructor(private readonly onEmpty: () => void) {}

  get size(): number {
    return this.#sessions.size;
  }

  get exchanges(): readonly Exchange[] {
    return [...this.#sessions.values()].flatMap((exchanges) => [...exchanges]);
  }

  add(session: ServerHttp2Session): void {
    this.#sessions.set(session, new Set());
    session.once('close', () => {
      this.#sessions.delete(session);
      if (this.#sessions.size === 0) this.onEmpty();
    });
    if (this.#closing) session.close();
  }

  begin(session: ServerHttp2Session | undefined, exchange: Exchange): void {
    const exchanges = session === undefined ? undefined : this.#sessions.get(session);
    if (exchanges === undefined) return;
    exchanges.add(exchange);
    exchange.response.once('close', () => exchanges.delete(exchange));
  }

  /** Says GOAWAY: streams in flight finish, then each session closes by itself. */
  close(): void {
    this.#closing = true;
    for (const session of this.#sessions.keys()) session.close();
  }

  sever(): void {
    for (const session of this.#sessions.keys()) session.destroy();
  }
}
