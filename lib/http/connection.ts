import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Exchange } from './exchange.js';

/**
 * So many requests of one connection wait for their responses at most, and those of a last read of 64 kB. Node
 * itself reads on until the responses that it may not send yet are large.
 */
export const PIPELINE_LIMIT = 256;

/** Whether the next requests of the connection are read. */
type Intake =
  | 'open'
  /** From the end of this tick on they are not. */
  | 'pausing'
  | 'paused'
  /** They are again, but the first of them may not have been read yet. */
  | 'resuming';

/**
 * One connection of HTTP/1.1 and what is in flight on it. The accounting goes with the connection: Node 20
 * never ends the responses of requests that were pipelined behind one whose client has left.
 *
 * Nothing that is over is held: a request may have a large body on it, and an idle connection lives long.
 */
export class Connection {
  /** In flight, in the order in which they were read. */
  readonly #exchanges = new Map<IncomingMessage, Exchange>();
  /** In flight, and read last: the one after which the connection may close. */
  #last: Exchange | undefined;
  #idleSince: number;
  #idleMs = 0;
  /** Bytes up to the end of the last request: what came after them is a part of the next. */
  #bytesTaken: number;
  #intake: Intake = 'open';

  constructor(
    readonly socket: Socket,
    now: number,
  ) {
    this.#idleSince = now;
    this.#bytesTaken = socket.bytesRead;
  }

  get exchanges(): readonly Exchange[] {
    return [...this.#exchanges.values()];
  }

  get isBusy(): boolean {
    return this.#exchanges.size > 0;
  }

  /** Whether nothing was read after it. */
  isLast(exchange: Exchange): boolean {
    return this.#last === exchange;
  }

  /** Whether the connection may close after it: on an earlier one Node would drop what is pipelined behind it. */
  mayCloseAfter(response: ServerResponse): boolean {
    return this.#last?.response === response && this.#intake === 'open';
  }

  /** Whether this request is under way. */
  has(request: IncomingMessage): boolean {
    return this.#exchanges.has(request);
  }

  /** Whether each exchange passes; stops at the first that does not. */
  every(test: (exchange: Exchange) => boolean): boolean {
    for (const exchange of this.#exchanges.values()) if (!test(exchange)) return false;
    return true;
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
    this.#exchanges.set(exchange.request, exchange);
    this.#last = exchange;
    this.#bytesTaken = this.socket.bytesRead;
    if (this.#exchanges.size >= PIPELINE_LIMIT) this.#pause();
  }

  end(exchange: Exchange, now: number): void {
    this.#idleSince = now;
    this.#idleMs = 0;
    this.#exchanges.delete(exchange.request);
    if (this.#exchanges.size <= PIPELINE_LIMIT / 2) this.#resume();
    if (!this.isLast(exchange)) return;
    this.#last = undefined;
    // A body ends later than its head, and what came up to its end is no part of a next request.
    if (exchange.hasBody) this.#bytesTaken = this.socket.bytesRead;
  }

  /** Whether a part of a request has been read, and not yet the end of its head. */
  get isIncomplete(): boolean {
    return !this.isBusy && this.socket.bytesRead !== this.#bytesTaken;
  }

  /** Whether nothing is under way in either direction. */
  get isIdle(): boolean {
    return !this.isBusy && !this.isIncomplete && this.socket.writableLength === 0;
  }

  /** Milliseconds since the last exchange ended. */
  ageMs(now: number): number {
    return now - this.#idleSince;
  }

  /**
   * Counts time in which the connection could have been read; returns for how much of what was counted it has
   * been idle.
   */
  idleMs(countedMs: number, now: number): number {
    this.#idleMs = this.isIdle ? this.#idleMs + Math.min(countedMs, this.ageMs(now)) : 0;
    return this.#idleMs;
  }

  #pause(): void {
    if (this.#intake === 'pausing') return;
    // Also where it is paused: Node has resumed it, as it does when what it held back has been sent.
    this.#intake = 'pausing';
    // At the end of each request Node schedules a resume for the end of this tick, which would undo it.
    queueMicrotask(() => {
      if (this.#intake !== 'pausing') return;
      this.#intake = 'paused';
      this.socket.pause();
    });
  }

  #resume(): void {
    if (this.#intake !== 'pausing' && this.#intake !== 'paused') return;
    this.#intake = 'resuming';
    this.socket.resume();
    // One turn ends this one, in the other what has come meanwhile is read.
    setImmediate(() =>
      setImmediate(() => {
        if (this.#intake === 'resuming') this.#intake = 'open';
      }),
    );
  }
}
