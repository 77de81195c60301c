import type { Clock, Timer } from '../run/clock.js';

/** Taken before a test can put a fake timer in its place. */
const { setImmediate: soon } = globalThis;

interface ScheduledTimer {
  readonly at: number;
  readonly id: number;
  readonly callback: () => void;
}

/**
 * A Clock that stands still until it is told to move. Timers fire in the order of their times, and what
 * promises do in between is done before the next one fires.
 */
export class ManualClock implements Clock {
  #now: number;
  #nextId = 0;
  #wallAhead = 0;
  readonly #timers = new Map<number, ScheduledTimer>();

  /** @param now milliseconds since the epoch */
  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  dateOf(moment: number): number {
    return moment + this.#wallAhead;
  }

  /** Sets the wall clock forward, or back by less than zero, as the correction of a machine's clock does: no time passes. */
  stepWall(ms: number): void {
    this.#wallAhead += ms;
  }

  /** Lets time pass in which nothing runs, as in a process that is stopped: what is due fires late, at the next advance. */
  stall(ms: number): void {
    this.#now += ms;
  }

  /** How many timers have neither fired nor been cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  /** How many timers have been started in all. */
  get started(): number {
    return this.#nextId;
  }

  /** Milliseconds until the next timer fires; `undefined` where there is none. */
  get untilNext(): number | undefined {
    const next = this.#next();
    return next && Math.max(0, next.at - this.#now);
  }

  schedule(callback: () => void, delayMs: number): Timer {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#timers.set(id, { at: this.#now + Math.max(0, delayMs), id, callback });
    return { cancel: () => void this.#timers.delete(id), unref: () => undefined };
  }

  /** A promise that resolves when this much time of the clock has passed. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.schedule(resolve, delayMs);
    });
  }

  /** Moves the time on by `ms`, firing on its way what is due. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settlePromises();
    for (let next = this.#next(); next !== undefined && next.at <= until; next = this.#next()) {
      this.#now = Math.max(this.#now, next.at);
      this.#timers.delete(next.id);
      next.callback();
      await settlePromises();
    }
    this.#now = Math.max(this.#now, until);
  }

  /**
   * Moves the time on from timer to timer until the promise settles; then answers with it.
   *
   * @param limitMs how far the time may move before that is given up: a timer that starts itself anew would
   * move it for ever
   * @throws Error when nothing is scheduled, or the limit is reached
   */
  async runUntil<T>(promise: Promise<T>, limitMs = 24 * 3_600_000): Promise<T> {
    const until = this.#now + limitMs;
    const seen = { settled: false };
    const note = (): void => {
      seen.settled = true;
    };
    promise.then(note, note);
    await settlePromises();
    while (!seen.settled) {
      const next = this.#next();
      if (next === undefined) {
        throw new Error('Nothing is scheduled, so what is waited for can never happen on this clock.');
      }
      if (next.at > until) {
        throw new Error(`What is waited for did not happen within ${limitMs} ms of this clock.`);
      }
      await this.advance(next.at - this.#now);
    }
    return promise;
  }

  #next(): ScheduledTimer | undefined {
    let next: ScheduledTimer | undefined;
    for (const timer of this.#timers.values()) {
      if (next === undefined || timer.at < next.at) next = timer;
    }
    return next;
  }
}

/** A turn of the event loop: whatever promises had to do is done after it. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    soon(resolve);
  });
}
