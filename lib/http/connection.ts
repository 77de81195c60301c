import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Exchange } from './exchange.js';

/**
 * One connection of HTTP/1.1 and what is in flight on it. The accounting goes with the connection: Node 20
 * never ends the responses of requests that were pipelined behind one whose client has left.
 *
 * While the server serves, an exchange is only remembered: whether it is over is asked of its response when
 * somebody wants to know. From the leave on each end is seen as it happens.
 */
export class Connection {
  /** Pipelined before the last one, and perhaps still in flight. */
  #earlier: Exchange[] = [];
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

  get exchanges(): readonly Exchange[] {
    const last = this.#last;
    const earlier = this.#earlier.filter((exchange) => !exchange.isOver);
    return last === undefined || last.isOver ? earlier : [...earlier, last];
  }

  /** The exchange that was read last. */
  get last(): Exchange | undefined {
    return this.#last;
  }

  /** Whether this request is under way: after `checkContinue` the server emits it a second time. */
  has(request: IncomingMessage): boolean {
    return this.#last?.request === request || this.#earlier.some((exchange) => exchange.request === request);
  }

  begin(exchange: Exchange): void {
    if (this.#last !== undefined && !this.#last.isOver) {
      this.#earlier = [...this.#earlier.filter((earlier) => !earlier.isOver), this.#last];
    }
    this.#last = exchange;
    this.#bytesTaken = this.socket.bytesRead;
  }

  /** An exchange is over. Told for each one from the leave on, and before for those with a body. */
  end(exchange: Exchange, now: number): void {
    this.#idleSince = now;
    if (exchange.hasBody && this.#last === exchange) this.#bytesTaken = this.socket.bytesRead;
  }

  /** Whether a part of a request has been read, and not yet the end of its head. */
  get isIncomplete(): boolean {
    return this.exchanges.length === 0 && this.socket.bytesRead !== this.#bytesTaken;
  }

  /** Whether nothing is under way in either direction. */
  get isIdle(): boolean {
    return this.exchanges.length === 0 && !this.isIncomplete && this.socket.writableLength === 0;
  }

  /** Milliseconds since the last exchange ended of which that was told. */
  idleMs(now: number): number {
    return now - this.#idleSince;
  }
}
