import type { Clock, Timer } from '../run/clock.js';

/** Captured before a test can install fake timers. */
const { setImmediate: soon } = globalThis;

interface ScheduledTimer {
  readonly at: number;
  readonly id: number;
  readonly callback: () => void;
}

/**
 * A fake clock that moves only on request. Timers fire in the order of their times. Pending promise reactions run
 * before the next timer fires.
 */
export class ManualClock implements Clock {
  #now: number;
  #nextId = 0;
  #wallAhead = 0;
  readonly #timers = new Map<number, ScheduledTimer>();

  /** @param now the start time, in milliseconds since the epoch */
  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  dateOf(moment: number): number {
    return moment + this.#wallAhead;
  }

  /** Moves the wall clock by `ms`, which may be negative, as when a machine's clock is corrected. No time passes. */
  stepWall(ms: number): void {
    this.#wallAhead += ms;
  }

  /** Lets time pass without running anything, as in a stopped process. Due timers fire late, at the next advance. */
  stall(ms: number): void {
    this.#now += ms;
  }

  /** The number of timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  /** The number of timers started so far. */
  get started(): number {
    return this.#nextId;
  }

  /** Milliseconds until the next timer fires; `undefined` if there is none. */
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

  /** Returns a promise that resolves after `delayMs` of this clock. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.schedule(resolve, delayMs);
    });
  }

  /** Advances the time by `ms` and fires the timers that become due. */
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
   * Advances the time from timer to timer until the promise settles, then resolves or rejects with it.
   *
   * @param limitMs milliseconds the clock may advance at most, 24 hours by default: a timer that reschedules itself
   * would advance it forever
   * @throws Error if no timer is scheduled, or the limit is reached
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
        throw new Error('No timer is scheduled, so the promise can never settle on this clock.');
      }
      if (next.at > until) {
        throw new Error(`The promise did not settle within ${limitMs} ms of this clock.`);
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

/** Waits one turn of the event loop, in which all pending promise reactions run. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    soon(resolve);
  });
}
