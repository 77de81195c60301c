import type { InFlightItem, ShutdownContext, ShutdownTask } from '../plan/task.js';
import { millisecondsUntil, type Clock } from '../run/clock.js';
import { pause, within } from '../run/expiry.js';
import type { BullEmitter } from './bull-seams.js';
import { CountedListeners } from './counted-listeners.js';

/** Milliseconds that the events of the last jobs may take to arrive: Redis delivers them through a stream. */
const ARRIVAL = 100;

/** A worker whose jobs cause events of a queue. */
export interface EventSource {
  /** The name of its queue. */
  readonly queue: string;
  /** Resolves after the drain of the worker, with whether it had jobs when the drain began. */
  readonly drained: Promise<'busy' | 'idle'>;
}

/**
 * Waits for the async listeners of `QueueEvents`, including those for jobs that finish during the drain. The
 * connection stays open, because jobs and requests may use it to wait for a job. Nest closes it.
 */
export class QueueEventsDrain {
  readonly #listeners: CountedListeners;

  constructor(
    private readonly events: BullEmitter,
    private readonly ports: {
      readonly clock: Clock;
      /** The workers that are known when the drain begins. */
      readonly sources: () => readonly EventSource[];
    },
  ) {
    this.#listeners = new CountedListeners(events, ports.clock);
  }

  task(place: { readonly name: string; readonly phase: string }): ShutdownTask {
    return {
      ...place,
      inFlight: (): readonly InFlightItem[] => this.#listeners.items,
      run: (context: ShutdownContext) => this.#drain(context),
    };
  }

  async #drain({ deadline }: ShutdownContext): Promise<void> {
    const { clock, sources } = this.ports;
    this.#listeners.beginDrain();
    const own = sources().filter(({ queue }) => queue === this.events.name);
    const drained = Promise.all(own.map((source) => source.drained));
    const ended = await within(drained, { ms: millisecondsUntil(deadline, clock), clock });
    if (ended !== 'expired' && ended.includes('busy')) await pause(ARRIVAL, clock);
    await this.#listeners.finish();
  }
}
