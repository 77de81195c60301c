import type { Server } from 'node:net';
import { callMember } from '../nest/members.js';

/** What becomes of the server: it has listened, or not yet, or its last connection has gone as well. */
type State = 'never listened' | 'open' | 'closed';

/** By this Node emits `close` as soon as it may. */
const EMITS_CLOSE = '_emitCloseIfDrained';

/**
 * The `close()` of a server that we have closed. Node answers a second one with an error, and emits `close` once
 * more; whoever closes a server that was drained asks for nothing wrong.
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

  /** From now on it calls back when the server has closed, without an error, until somebody opens it again. */
  takeOver(): void {
    const { server } = this;
    // One that somebody has put there is theirs.
    if (this.#state === 'never listened' || Object.hasOwn(server, 'close')) return;
    const close = (callback?: unknown): Server => {
      if (server.listening) {
        this.#giveBack();
        return Reflect.apply(server.close, server, [callback]);
      }
      // Connections from before we were told of the server, which nothing has shown to us.
      if (this.isDrained()) callMember(server, 'closeIdleConnections');
      this.#whenClosed(() => {
        this.#closeAgain();
        if (typeof callback === 'function') Reflect.apply(callback, server, []);
      });
      return server;
    };
    Object.defineProperty(server, 'close', { configurable: true, writable: true, value: close });
    // Some servers go past their own `close` here.
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
   * What Node does beside the closing, such as ending its timers. Not earlier: it would also cut responses that
   * have ended and are not yet written.
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
