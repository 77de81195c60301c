import type { InFlightItem, ShutdownContext, ShutdownTask } from '../plan/task.js';
import { millisecondsUntil, type Clock } from '../run/clock.js';
import { pause, within } from '../run/expiry.js';
import type { BullEmitter } from './bull-seams.js';
import { CountedListeners } from './counted-listeners.js';

/** Milliseconds that Redis has to bring the events of the jobs that ended last: they come by a stream. */
const ARRIVAL = 100;

/** A worker, as far as the events of its queue depend on it. */
export interface EventSource {
  /** The name of its queue. */
  readonly queue: string;
  /** Resolves when it has drained, with whether it had jobs until then. */
  readonly drained: Promise<'busy' | 'idle'>;
}

/**
 * Waits for the async listeners of `QueueEvents`, also for those of the jobs that the drain finishes. They stay
 * connected, since jobs and requests may wait for the end of a job by them. Nest closes them.
 */
export class QueueEventsDrain {
  readonly #listeners: CountedListeners;

  constructor(
    private readonly events: BullEmitter,
    private readonly ports: {
      readonly clock: Clock;
      /** The workers that are known as the drain begins. */
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
