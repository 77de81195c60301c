import { AsyncLocalStorage } from 'node:async_hooks';
import type { InFlightItem } from '../plan/task.js';
import type { Clock } from '../run/clock.js';

/**
 * One message that has been taken. Several parts may run at a time: its handlers, the methods below them, its
 * reply. It is in flight until the last part has ended.
 */
export interface Message {
  readonly name: string;
  readonly startedAt: number;
  /** Counts a part of its work until the returned function is called. Further calls do nothing. */
  readonly begin: () => () => void;
}

/** The message that the current code runs for, across `await`. */
export const CURRENT = new AsyncLocalStorage<Message>();

/** The messages that a server has taken and not finished. */
export class Messages {
  /** Each message in flight, with a promise for its end. */
  readonly #entries = new Map<Message, Promise<void>>();
  /** Messages that are being read. They have no pattern yet, and a deserializer may be async. */
  readonly #reading = new Set<Promise<unknown>>();

  constructor(private readonly clock: Clock) {}

  /** Oldest first. */
  get items(): readonly InFlightItem[] {
    const now = this.clock.now();
    return Array.from(this.#entries.keys(), ({ name, startedAt }) => ({ name, ageMs: now - startedAt }));
  }

  /** Creates a message. It is in flight from its first part to the end of its last. */
  take(name: string, onOver: () => void = () => undefined): Message {
    const parts = new Set<object>();
    let end = (): void => undefined;
    const message: Message = {
      name,
      startedAt: this.clock.now(),
      begin: () => {
        const part = {};
        // The first part, or one that starts after the end, such as an interceptor that calls the method again.
        if (parts.size === 0) {
          const over = new Promise<void>((resolve) => {
            end = resolve;
          });
          this.#entries.set(message, over);
        }
        parts.add(part);
        return () => {
          if (!parts.delete(part) || parts.size > 0) return;
          this.#entries.delete(message);
          onOver();
          end();
        };
      },
    };
    return message;
  }

  /** Whether the message belongs to this server and is in flight. */
  has(message: Message): boolean {
    return this.#entries.has(message);
  }

  /** Counts a message as being read until the promise settles. */
  read(reading: PromiseLike<unknown>): void {
    const done = (): void => {
      this.#reading.delete(counted);
    };
    const counted: Promise<unknown> = Promise.resolve(reading).then(done, done);
    this.#reading.add(counted);
  }

  async idle(): Promise<void> {
    do await this.settled();
    while (this.#entries.size > 0 || this.#reading.size > 0);
  }

  /** Resolves when everything in flight now has ended. Messages that arrive meanwhile do not count. */
  async settled(): Promise<void> {
    await Promise.all(this.#reading);
    await Promise.all(this.#entries.values());
    // A reply may be published one tick after its handler has ended.
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
