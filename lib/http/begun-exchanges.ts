import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Timer } from '../run/clock.js';
import { Exchange } from './exchange.js';

/** In milliseconds: how long what is over is held at most, and how exact the time of a beginning is. */
const TICK = 100;

/** So many are held before it is worth a look which of them are over. */
const FEW = 16;

/**
 * The exchanges of a server that serves and has no thought of leaving.
 *
 * Every request comes this way, and hardly one is ever asked for. So nothing is told of an end, and nothing asks
 * what time it is: each goes into a list, which is cleared of what is over now and then. What is over is not held
 * for long: a request may have a large body on it, and an idle server lives long.
 */
export class BegunExchanges {
  readonly #exchanges: Exchange[] = [];
  #enough = FEW;
  #ticking: { readonly timer: Timer; readonly now: number } | undefined;

  constructor(private readonly clock: Clock) {}

  add(request: IncomingMessage, response: ServerResponse): void {
    this.#ticking ??= this.#tick();
    const exchange = new Exchange(request, response, this.#ticking.now);
    // A handler that waits for nothing is done before the next request is read.
    if (this.#exchanges.at(-1)?.isOver === true) this.#exchanges.pop();
    this.#exchanges.push(exchange);
    if (this.#exchanges.length >= this.#enough) this.#clear();
  }

  /** What is in flight, in the order in which it began. */
  get inFlight(): readonly Exchange[] {
    return this.#without((exchange) => exchange.isOver);
  }

  /** Takes out what is in flight, and what is over and has not closed yet: that will still say so. */
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
      // After `checkContinue` the server emits a request a second time.
      if (requests.has(exchange.request) || isLeftOut(exchange)) return false;
      requests.add(exchange.request);
      return true;
    });
  }

  /** In place: the list of a busy server is cleared many times a second. */
  #clear(): void {
    const exchanges = this.#exchanges;
    let kept = 0;
    for (const exchange of exchanges) {
      if (exchange.isOver) continue;
      exchanges[kept] = exchange;
      kept += 1;
    }
    exchanges.length = kept;
    // So that each is looked at twice on average, however many are in flight.
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
