import { isObject, replaceMethod } from '../nest/members.js';
import { ItemsInFlight } from '../in-flight/items-in-flight.js';
import type { Notify } from '../notice.js';
import type { InFlightItem, ShutdownContext, ShutdownTask } from '../plan/task.js';
import { divideDrain, half } from '../plan/time-budget.js';
import { millisecondsUntil, type Clock } from '../run/clock.js';
import { within } from '../run/expiry.js';
import { closeByForce, giveBack, jobName, type BullWorker } from './bull-seams.js';
import { CountedListeners } from './counted-listeners.js';
import { jobsHandedBack, type ReturnedJob } from './jobs-handed-back.js';
import type { EventSource } from './queue-events-drain.js';

export interface DrainPorts {
  readonly clock: Clock;
  readonly notify: Notify;
  /** Milliseconds before the deadline at which unfinished jobs are handed back. */
  readonly reserve: number;
}

/** Drains a BullMQ worker: it stops fetching jobs, and its active jobs and async listeners finish. */
export class WorkerDrain {
  readonly #inFlight: ItemsInFlight;
  /** They may run longer than their job. */
  readonly #listeners: CountedListeners;
  /** The jobs in flight, each with the token of its lock. */
  readonly #tokens = new Map<object, unknown>();

  readonly #ended: Promise<'busy' | 'idle'>;
  #drained: (load: 'busy' | 'idle') => void = () => undefined;

  constructor(
    private readonly worker: BullWorker,
    private readonly ports: DrainPorts,
  ) {
    this.#ended = new Promise((resolve) => {
      this.#drained = resolve;
    });
    this.#inFlight = new ItemsInFlight(ports.clock);
    this.#listeners = new CountedListeners(worker, ports.clock);
    // From the start of a job until its result is stored.
    replaceMethod(worker, 'processJob', (original) => async (job, token, ...rest) => {
      if (!isObject(job)) return original(job, token, ...rest);
      const end = this.#inFlight.begin(this.#nameOf(job));
      this.#tokens.set(job, token);
      try {
        return await original(job, token, ...rest);
      } finally {
        this.#tokens.delete(job);
        end();
      }
    });
  }

  task(place: { readonly name: string; readonly phase: string }): ShutdownTask {
    return {
      ...place,
      inFlight: () => [...this.#inFlight.items, ...this.#listeners.items],
      run: (context: ShutdownContext) => {
        const load = this.#inFlight.items.length === 0 ? 'idle' : 'busy';
        return this.#drain(context).finally(() => this.#drained(load));
      },
    };
  }

  get source(): EventSource {
    return { queue: this.worker.name, drained: this.#ended };
  }

  async #drain({ signal, deadline }: ShutdownContext): Promise<void> {
    const { clock, reserve } = this.ports;
    this.#listeners.beginDrain();
    const { waitMs, endMs } = divideDrain(millisecondsUntil(deadline, clock), reserve);
    const ending = await within(this.#finish(), { ms: waitMs, clock });
    // The reserve is for jobs; listeners may use all the time.
    if (ending !== 'expired') return this.#listeners.finish();
    const unfinished = await this.#cut(half(endMs));
    // The report names these jobs when the task times out, so wait until it does.
    if (unfinished.length > 0) await Promise.all([this.#inFlight.idle(), aborted(signal)]);
    this.#listeners.throwFailures([new Error(closedByForce(this.worker.name, unfinished))]);
  }

  /** A worker that never ran has nothing to finish, and its jobs may be processed by hand. */
  async #finish(): Promise<void> {
    const { worker } = this;
    await (worker.isRunning() ? worker.close() : worker.pause(true));
    await this.#inFlight.idle();
  }

  /** Gives unfinished jobs back and closes the worker. `patience` is in milliseconds. */
  async #cut(patience: number): Promise<readonly InFlightItem[]> {
    const unfinished = this.#inFlight.items;
    const returned = await Promise.all(
      Array.from(this.#tokens, ([job, token]) => this.#return(job, { token, patience })),
    );
    // After giving back: a processor that stops on its signal would mark its job as failed.
    await closeByForce(this.worker);
    if (unfinished.length > 0) {
      const jobs = returned.filter((each) => each !== undefined);
      this.ports.notify(jobsHandedBack(this.worker.name, jobs));
    }
    return unfinished;
  }

  /** Gives a job back. Returns `undefined` if it has ended meanwhile and keeps its result. */
  async #return(
    job: object,
    { token, patience }: { readonly token: unknown; readonly patience: number },
  ): Promise<ReturnedJob | undefined> {
    const name = this.#nameOf(job);
    const item = this.#inFlight.items.find((each) => each.name === name) ?? { name, ageMs: 0 };
    try {
      const ending = await within(giveBack(job, token), { ms: patience, clock: this.ports.clock });
      return ending === 'expired' ? { item, error: new Error('Redis did not answer.') } : { item };
    } catch (error) {
      return this.#tokens.has(job) ? { item, error } : undefined;
    }
  }

  /** Such as `orders: ship 17`. */
  #nameOf(job: object): string {
    return `${this.worker.name}: ${jobName(job)}`;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function closedByForce(queue: string, unfinished: readonly InFlightItem[]): string {
  return unfinished.length === 0
    ? `The worker of '${queue}' did not close and was closed by force: Redis does not answer.`
    : `The worker of '${queue}' was closed by force with ${unfinished.map(({ name }) => name).join(', ')} unfinished.`;
}
