import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Exchange } from './exchange.js';

/**
 * One connection of HTTP/1.1 and what is in flight on it. The accounting goes with the connection: Node 20
 * never ends the responses of requests that were pipelined behind one whose client has left.
 *
 * Nothing that is over is held: a request may have a large body on it, and an idle connection lives long.
 */
export class Connection {
  /** In flight, and read before the last one. */
  #earlier: readonly Exchange[] = [];
  /** In flight, and read last: the one after which the connection may close. */
  #last: Exchange | undefined;
  #idleSince: number;
  /** Bytes up to the end of the last request: what came after them is a part of the next. */
  #bytesTaken: number;

  constructor(
    readonly socket: Socket,
    now: number,
  ) {
    this.#idleSince = now;
    this.#bytesTaken = socket.bytesRead;
  }

  get exchanges(): readonly Exchange[] {
    return this.#last === undefined ? this.#earlier : [...this.#earlier, this.#last];
  }

  /** Whether nothing was read after it: on an earlier one Node would drop what is pipelined behind it. */
  isLast(exchange: Exchange): boolean {
    return this.#last === exchange;
  }

  /** Whether this request is under way. */
  has(request: IncomingMessage): boolean {
    return this.exchanges.some((exchange) => exchange.request === request);
  }

  /**
   * From now on requests are followed. How far the last one went is not known any more: what came up to here is
   * taken for the past, but on a connection on which nothing was ever answered.
   */
  leave(now: number): void {
    if (this.socket.bytesWritten === 0) return;
    this.#bytesTaken = this.socket.bytesRead;
    this.#idleSince = now;
  }

  begin(exchange: Exchange): void {
    if (this.#last !== undefined) this.#earlier = [...this.#earlier, this.#last];
    this.#last = exchange;
    this.#bytesTaken = this.socket.bytesRead;
  }

  end(exchange: Exchange, now: number): void {
    this.#idleSince = now;
    if (!this.isLast(exchange)) {
      this.#earlier = this.#earlier.filter((earlier) => earlier !== exchange);
      return;
    }
    this.#last = undefined;
    // A body ends later than its head, and what came up to its end is no part of a next request.
    if (exchange.hasBody) this.#bytesTaken = this.socket.bytesRead;
  }

  /** Whether a part of a request has been read, and not yet the end of its head. */
  get isIncomplete(): boolean {
    return this.exchanges.length === 0 && this.socket.bytesRead !== this.#bytesTaken;
  }

  /** Whether nothing is under way in either direction. */
  get isIdle(): boolean {
    return this.exchanges.length === 0 && !this.isIncomplete && this.socket.writableLength === 0;
  }

  /** Milliseconds since the last exchange ended. */
  idleMs(now: number): number {
    return now - this.#idleSince;
  }
}
