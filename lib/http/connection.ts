import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Exchange } from './exchange.js';

/**
 * One connection of HTTP/1.1 and what is in flight on it. The accounting goes with the connection: Node 20
 * never ends the responses of requests that were pipelined behind one whose client has left.
 */
export class Connection {
  readonly #exchanges = new Map<IncomingMessage, Exchange>();
  /** The exchange that was read last: the one after which the connection may close. */
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

  get exchanges(): Iterable<Exchange> {
    return this.#exchanges.values();
  }

  /** Says whether the request is new: after `checkContinue` the server emits it a second time. */
  begin(exchange: Exchange): boolean {
    if (this.#exchanges.has(exchange.request)) return false;
    this.#exchanges.set(exchange.request, exchange);
    this.#last = exchange;
    this.#bytesTaken = this.socket.bytesRead;
    return true;
  }

  end(exchange: Exchange, now: number): void {
    this.#exchanges.delete(exchange.request);
    this.#idleSince = now;
    if (exchange.hasBody && this.isLast(exchange)) this.#bytesTaken = this.socket.bytesRead;
  }

  /** Whether nothing was read after it: on an earlier one Node would drop what is pipelined behind it. */
  isLast(exchange: Exchange): boolean {
    return this.#last === exchange;
  }

  /** Whether a part of a request has been read, and not yet the end of its head. */
  get isIncomplete(): boolean {
    return this.#exchanges.size === 0 && this.socket.bytesRead !== this.#bytesTaken;
  }

  /** Whether nothing is under way in either direction. */
  get isIdle(): boolean {
    return this.#exchanges.size === 0 && !this.isIncomplete && this.socket.writableLength === 0;
  }

  /** Milliseconds since the last exchange ended. */
  idleMs(now: number): number {
    return now - this.#idleSince;
  }
}
