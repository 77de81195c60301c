import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Timer } from '../run/clock.js';
import { Exchange } from './exchange.js';

/** Milliseconds: the resolution of start times, and the longest a finished exchange stays in memory. */
const TICK = 100;

/** With fewer exchanges than this, looking for finished ones is not worth the time. */
const FEW = 16;

/**
 * The exchanges of a server that is serving normally.
 *
 * This is the hot path: every request passes here, and the list is almost never read. So no listener waits for the
 * end of an exchange, and no request reads the clock. Finished exchanges are removed in batches, and soon: a
 * request can hold a large body, and an idle server lives long.
 */
export class BegunExchanges {
  readonly #exchanges: Exchange[] = [];
  #enough = FEW;
  #ticking: { readonly timer: Timer; readonly now: number } | undefined;

  constructor(private readonly clock: Clock) {}

  add(request: IncomingMessage, response: ServerResponse): void {
    this.#ticking ??= this.#tick();
    const exchange = new Exchange(request, response, this.#ticking.now);
    // A synchronous handler has finished before the next request is read.
    if (this.#exchanges.at(-1)?.isOver === true) this.#exchanges.pop();
    this.#exchanges.push(exchange);
    if (this.#exchanges.length >= this.#enough) this.#clear();
  }

  /** Unfinished exchanges, in the order in which they started. */
  get inFlight(): readonly Exchange[] {
    return this.#without((exchange) => exchange.isOver);
  }

  /**
   * Removes and returns all exchanges that have not closed, finished ones included: their `close` event is still to
   * come.
   */
  take(): readonly Exchange[] {
    const taken = this.#without((exchange) => exchange.isClosed);
    this.#exchanges.length = 0;
    this.#ticking?.timer.cancel();
    this.#ticking = undefined;
    return taken;
  }

  #without(isLeftOut: (exchange: Exchange) => boolean): readonly Exchange[] {
    const requests = new Set<IncomingMessage>();
    return this.#exchanges.filter((exchange) => {
      // After `checkContinue` the server emits the same request a second time.
      if (requests.has(exchange.request) || isLeftOut(exchange)) return false;
      requests.add(exchange.request);
      return true;
    });
  }

  /** Compacts in place: on a busy server this runs many times a second. */
  #clear(): void {
    const exchanges = this.#exchanges;
    let kept = 0;
    for (const exchange of exchanges) {
      if (exchange.isOver) continue;
      exchanges[kept] = exchange;
      kept += 1;
    }
    exchanges.length = kept;
    // Amortised: each exchange is checked twice on average, however many are in flight.
    this.#enough = Math.max(FEW, 2 * kept);
  }

  #tick(): { readonly timer: Timer; readonly now: number } {
    const timer = this.clock.schedule(() => {
      this.#clear();
      this.#ticking = this.#exchanges.length > 0 ? this.#tick() : undefined;
    }, TICK);
    timer.unref();
    return { timer, now: this.clock.now() };
  }
}
