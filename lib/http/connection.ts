import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Exchange } from './exchange.js';

/**
 * How many requests of one connection may wait for a response. Those of the last 64 kB read come on top. Node alone
 * keeps reading until the responses it holds back grow large.
 */
export const PIPELINE_LIMIT = 256;

/** Whether we read the next requests of the connection. */
type Intake =
  | 'open'
  /** Paused from the end of this tick on. */
  | 'pausing'
  | 'paused'
  /** Reading again, but the first request may not have arrived yet. */
  | 'resuming';

/**
 * One HTTP/1.1 connection and the exchanges on it. Accounting is per connection because Node 20 never ends the
 * responses that were pipelined behind one whose client has gone.
 *
 * Finished exchanges are not kept: a request can hold a large body, and an idle connection lives long.
 */
export class Connection {
  /** Unfinished exchanges, in the order in which their requests were read. */
  readonly #exchanges = new Map<IncomingMessage, Exchange>();
  /** The unfinished exchange whose request was read last: the connection may close after it. */
  #last: Exchange | undefined;
  #idleSince: number;
  #idleMs = 0;
  /** `bytesRead` at the end of the last request. More bytes mean that part of a next request has arrived. */
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

  /** Whether no request was read after this one. */
  isLast(exchange: Exchange): boolean {
    return this.#last === exchange;
  }

  /**
   * Whether the connection may close after this response. After an earlier one Node would drop the requests
   * pipelined behind it.
   */
  mayCloseAfter(response: ServerResponse): boolean {
    return this.#last?.response === response && this.#intake === 'open';
  }

  has(request: IncomingMessage): boolean {
    return this.#exchanges.has(request);
  }

  every(test: (exchange: Exchange) => boolean): boolean {
    for (const exchange of this.#exchanges.values()) if (!test(exchange)) return false;
    return true;
  }

  /**
   * Starts following requests. Where the last request ended is unknown, so bytes read until now count as past
   * requests, unless the connection has never sent a response.
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
    // A body ends later than its head; bytes up to its end are not part of a next request.
    if (exchange.hasBody) this.#bytesTaken = this.socket.bytesRead;
  }

  /** Whether part of a request head has arrived. */
  get isIncomplete(): boolean {
    return !this.isBusy && this.socket.bytesRead !== this.#bytesTaken;
  }

  /** Whether nothing is in progress in either direction. */
  get isIdle(): boolean {
    return !this.isBusy && !this.isIncomplete && this.socket.writableLength === 0;
  }

  /** Milliseconds since the last exchange ended. */
  ageMs(now: number): number {
    return now - this.#idleSince;
  }

  /**
   * Adds time during which the connection could have been read. Returns for how many of the added milliseconds the
   * connection has been idle without a break.
   */
  idleMs(countedMs: number, now: number): number {
    this.#idleMs = this.isIdle ? this.#idleMs + Math.min(countedMs, this.ageMs(now)) : 0;
    return this.#idleMs;
  }

  #pause(): void {
    if (this.#intake === 'pausing') return;
    // Pauses again even if it is paused: Node resumes the socket when it has flushed the responses that it held
    // back.
    this.#intake = 'pausing';
    // At the end of each request Node schedules a resume for the end of this tick, which would undo a pause made
    // now.
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
    // The first turn ends the current one; in the second, waiting bytes are read.
    setImmediate(() =>
      setImmediate(() => {
        if (this.#intake === 'resuming') this.#intake = 'open';
      }),
    );
  }
}
