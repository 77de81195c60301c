import type { Server } from 'node:net';
import { callMember } from '../nest/members.js';

/** Whether the server has ever listened, and whether it and its last connection have closed. */
type State = 'never listened' | 'open' | 'closed';

/** The method in which Node emits `close` once nothing is open. */
const EMITS_CLOSE = '_emitCloseIfDrained';

/**
 * The `close()` of a server that we have already closed. Node would fail a second call and emit `close` again, but
 * closing a drained server is not an error.
 */
export class RepeatedClose {
  #state: State;
  #giveBack: () => void = () => undefined;

  constructor(
    private readonly server: Server,
    private readonly isDrained: () => boolean,
  ) {
    this.#state = server.listening ? 'open' : 'never listened';
    server.prependListener('listening', () => this.#opened());
    server.prependListener('close', () => {
      if (this.#state === 'open') this.#state = 'closed';
    });
  }

  /**
   * From now on `close()` calls back without an error once the server has closed, until someone calls `listen`
   * again.
   */
  takeOver(): void {
    const { server } = this;
    // A `close` that someone else put there stays theirs.
    if (this.#state === 'never listened' || Object.hasOwn(server, 'close')) return;
    const close = (callback?: unknown): Server => {
      if (server.listening) {
        this.#giveBack();
        return Reflect.apply(server.close, server, [callback]);
      }
      // Connections from before we watched the server, which no request has shown to us.
      if (this.isDrained()) callMember(server, 'closeIdleConnections');
      this.#whenClosed(() => {
        this.#closeAgain();
        if (typeof callback === 'function') Reflect.apply(callback, server, []);
      });
      return server;
    };
    Object.defineProperty(server, 'close', { configurable: true, writable: true, value: close });
    // Some servers do not use their own `close` here.
    Object.defineProperty(server, Symbol.asyncDispose, {
      configurable: true,
      writable: true,
      value: () => new Promise<void>((resolve) => void server.close(() => resolve())),
    });
    this.#giveBack = () => {
      if (server.close === close) Reflect.deleteProperty(server, 'close');
      Reflect.deleteProperty(server, Symbol.asyncDispose);
      this.#giveBack = () => undefined;
    };
  }

  #opened(): void {
    this.#giveBack();
    this.#state = 'open';
  }

  /**
   * Runs what Node's `close()` does besides closing, such as clearing its timers. Not earlier: it would also cut
   * responses that have ended but are not flushed.
   */
  #closeAgain(): void {
    const { server } = this;
    const native: unknown = Reflect.get(Object.getPrototypeOf(server), 'close');
    if (typeof native !== 'function') return;
    Object.defineProperty(server, EMITS_CLOSE, { configurable: true, value: () => undefined });
    try {
      Reflect.apply(native, server, []);
    } finally {
      Reflect.deleteProperty(server, EMITS_CLOSE);
    }
  }

  #whenClosed(callback: () => void): void {
    if (this.#state === 'closed') setImmediate(callback);
    else this.server.once('close', callback);
  }
}
