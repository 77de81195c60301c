import { errorMonitor } from 'node:events';
import { types } from 'node:util';
import { isMethod, isObject, memberOf, replaceMethod } from '../nest/members.js';
import { ItemsInFlight } from '../in-flight/items-in-flight.js';
import type { InFlightItem } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import { toError } from '../run/errors.js';
import { jobName, type BullEmitter } from './bull-seams.js';

/**
 * The async listeners of an emitter that have not settled. An emitter drops the promises of its listeners, so we
 * call them in its place. That also covers listeners that are added by hand, at any time.
 */
export class CountedListeners {
  readonly #inFlight: ItemsInFlight;
  #failures: readonly Error[] = [];
  #status: 'dropped' | 'awaited' = 'dropped';

  constructor(
    private readonly emitter: BullEmitter,
    clock: Clock,
  ) {
    this.#inFlight = new ItemsInFlight(clock);
    replaceMethod(emitter, 'emit', (original) => (event, ...args) => {
      const listeners = typeof event === 'string' ? emitter.rawListeners(event) : [];
      // Without a listener the emitter itself throws or prints the error.
      if (listeners.length === 0) return original(event, ...args);
      try {
        const monitors = event === 'error' ? emitter.rawListeners(errorMonitor) : [];
        for (const listener of [...monitors, ...listeners]) this.#call(listener, event, args);
        return true;
      } catch (error) {
        // BullMQ emits what a listener throws as `error`.
        return original('error', error);
      }
    });
  }

  get items(): readonly InFlightItem[] {
    return this.#inFlight.items;
  }

  /**
   * From now until `finish()`, rejections fail the drain. Before and after, they are unhandled rejections, as
   * without us.
   */
  beginDrain(): void {
    this.#status = 'awaited';
  }

  /** Resolves when no listener is running. Rejects with the failures of listeners during the drain. */
  async finish(): Promise<void> {
    await this.#inFlight.idle();
    this.#status = 'dropped';
    this.throwFailures();
  }

  /** Throws the given errors and the failures of listeners so far, if there are any. */
  throwFailures(errors: readonly Error[] = []): void {
    const all = [...errors, ...this.#failures];
    const [first] = all;
    if (first !== undefined) throw all.length === 1 ? first : new AggregateError(all, textOf(all));
  }

  #call(listener: unknown, event: unknown, args: readonly unknown[]): void {
    const result = isMethod(listener) ? Reflect.apply(listener, this.emitter, args) : undefined;
    if (!types.isPromise(result)) return;
    const end = this.#inFlight.begin(this.#nameOf(event, args));
    void result.then(end, (error: unknown) => {
      end();
      if (this.#status === 'dropped') throw error;
      this.#failures = [...this.#failures, toError(error)];
    });
  }

  /** Such as `orders: 'failed' of ship 17`, with the job if the event concerns one. */
  #nameOf(event: unknown, [subject]: readonly unknown[]): string {
    const job = isObject(subject) ? jobOf(subject) : undefined;
    return `${this.emitter.name}: '${String(event)}'${job === undefined ? '' : ` of ${job}`}`;
  }
}

/** A worker emits its job, `QueueEvents` an id. Other objects may throw when inspected. */
function jobOf(subject: object): string | undefined {
  try {
    const jobId = memberOf(subject, 'jobId');
    if (typeof jobId === 'string') return jobId;
    return memberOf(subject, 'id') === undefined ? undefined : jobName(subject);
  } catch {
    return undefined;
  }
}

/** A thrown `message` may be any value. */
function textOf(errors: readonly Error[]): string {
  return `${errors.length} failures: ${errors.map(({ message }) => String(message)).join('; ')}`;
}
