import { errorMonitor } from 'node:events';
import { types } from 'node:util';
import { isMethod, isObject, memberOf, replaceMethod } from '../nest/members.js';
import { ItemsInFlight } from '../in-flight/items-in-flight.js';
import type { InFlightItem } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import { toError } from '../run/errors.js';
import { jobName, type BullEmitter } from './bull-seams.js';

/**
 * The listeners of an emitter that have returned a promise which has not settled. An emitter drops these promises,
 * so listeners are called here in its place: that counts also those that are added by hand, and at any time.
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
      // Without a listener an error is thrown or printed, as the emitter sees fit.
      if (listeners.length === 0) return original(event, ...args);
      try {
        const monitors = event === 'error' ? emitter.rawListeners(errorMonitor) : [];
        for (const listener of [...monitors, ...listeners]) this.#call(listener, event, args);
        return true;
      } catch (error) {
        // BullMQ makes an event of what a listener throws.
        return original('error', error);
      }
    });
  }

  get items(): readonly InFlightItem[] {
    return this.#inFlight.items;
  }

  /** Rejections until `finish()` are failures of the drain. Before and after they are unhandled, as without us. */
  beginDrain(): void {
    this.#status = 'awaited';
  }

  /** Resolves when no listener is in flight; rejects with what those of the drain have rejected with. */
  async finish(): Promise<void> {
    await this.#inFlight.idle();
    this.#status = 'dropped';
    this.throwFailures();
  }

  /** Throws what the listeners of the drain have rejected with so far, after the errors that are given. */
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

  /** Such as `orders: 'failed' of ship 17`: with the job, where the event is about one. */
  #nameOf(event: unknown, [subject]: readonly unknown[]): string {
    const job = isObject(subject) ? jobOf(subject) : undefined;
    return `${this.emitter.name}: '${String(event)}'${job === undefined ? '' : ` of ${job}`}`;
  }
}

/** A worker tells of its job itself, `QueueEvents` of an id; what is told of may also throw at whoever asks it. */
function jobOf(subject: object): string | undefined {
  try {
    const jobId = memberOf(subject, 'jobId');
    if (typeof jobId === 'string') return jobId;
    return memberOf(subject, 'id') === undefined ? undefined : jobName(subject);
  } catch {
    return undefined;
  }
}

/** A message may be no text. */
function textOf(errors: readonly Error[]): string {
  return `${errors.length} failures: ${errors.map(({ message }) => String(message)).join('; ')}`;
}
