import type { Socket } from 'node:net';
import type { Exchange } from './exchange.js';

/**
 * One connection of HTTP/1.1 and what is in flight on it. The accounting goes with the connection: Node 20
 * never ends the responses of requests that were pipelined behind one whose client has left.
 */
export class Connection {
  readonly exchanges = new Set<Exchange>();
  /** The exchange that was read last: the one after which the connection may close. */
  last: Exchange | undefined;
  #idleSince: number;
  #bytesWhenIdle: number;

  constructor(
    readonly socket: Socket,
    now: number,
  ) {
    this.#idleSince = now;
    this.#bytesWhenIdle = socket.bytesRead;
  }

  begin(exchange: Exchange): void {
    this.last = exchange;
    this.exchanges.add(exchange);
  }

  end(exchange: Exchange, now: number): void {
    this.exchanges.delete(exchange);
    this.#idleSince = now;
    this.#bytesWhenIdle = this.socket.bytesRead;
  }

  /**
   * Whether nothing is under way: no exchange, no part of a request that has been read, and no part of a
   * response that has not been written.
   */
  get isIdle(): boolean {
    return (
      this.exchanges.size === 0 &&
      this.socket.bytesRead === this.#bytesWhenIdle &&
      this.socket.writableLength === 0
    );
  }

  /** Milliseconds since the last exchange ended. */
  idleMs(now: number): number {
    return now - this.#idleSince;
  }
}
