import { types } from 'node:util';
import { notDrained } from '../notice.js';
import type { Method } from '../nest/members.js';
import { ItemsInFlight } from '../in-flight/items-in-flight.js';
import type { Notify } from '../notice.js';
import { UNREADY_PHASE } from '../plan/phase.js';
import type { ShutdownTask } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import {
  afterAdding,
  followCron,
  followTimer,
  jobsIn,
  stopJob,
  type ScheduledJob,
} from './schedule-seams.js';
import type { ScheduleNames } from './schedule-names.js';

/** What the schedules are drained with. */
export interface SchedulePorts {
  readonly clock: Clock;
  readonly names: ScheduleNames;
  readonly notify: Notify;
}

const NOT_FOLLOWED =
  'what it runs was not found, so it is stopped, but a run that has begun is not waited for';

/**
 * Stops the crons, intervals and timeouts of a registry, and waits for those that run. They stay registered: Nest
 * deletes them as ever.
 */
export class ScheduleDrain {
  readonly #running: ItemsInFlight;
  #status: 'ticking' | 'stopped' = 'ticking';

  constructor(
    private readonly registry: object,
    private readonly ports: SchedulePorts,
  ) {
    this.#running = new ItemsInFlight(ports.clock);
    for (const job of jobsIn(registry)) this.#follow(job);
    afterAdding(registry, (job) => {
      this.#follow(job);
      if (this.#status === 'stopped') void stopJob(job);
    });
  }

  /** The tasks that stop the jobs as the shutdown begins, and wait for them in a phase. */
  tasks({ name, phase }: { readonly name: string; readonly phase: string }): readonly ShutdownTask[] {
    return [
      { name: `${name}.stop`, phase: UNREADY_PHASE, run: () => this.#stop() },
      {
        name,
        phase,
        inFlight: () => this.#running.items,
        run: () => {
          // A run may start at a later phase.
          this.#stop();
          return this.#running.idle();
        },
      },
    ];
  }

  #follow({ kind, name, job }: ScheduledJob): void {
    const { names, notify } = this.ports;
    const follow = (run: Method): Method => this.#counted(run, () => names.of(kind, name));
    const isFollowed = kind === 'cron' ? followCron(job, follow) : followTimer(job, follow);
    if (!isFollowed) notify(notDrained(`The ${names.of(kind, name)}`, NOT_FOLLOWED));
  }

  #stop(): void {
    if (this.#status === 'stopped') return;
    this.#status = 'stopped';
    for (const job of jobsIn(this.registry)) this.#await(job.kind, job.name, stopJob(job));
  }

  /** A run that had begun before its job was registered is seen by its job alone. */
  #await(kind: ScheduledJob['kind'], name: string, stopped: Promise<unknown> | undefined): void {
    const shown = this.ports.names.of(kind, name);
    if (stopped === undefined || this.#running.items.some((item) => item.name === shown)) return;
    void stopped.then(this.#running.begin(shown));
  }

  /** Counts each call until what it answers with has settled. */
  #counted(run: Method, nameOf: () => string): Method {
    const running = this.#running;
    return function (this: unknown, ...args: readonly unknown[]): unknown {
      const end = running.begin(nameOf());
      try {
        const result = Reflect.apply(run, this, args);
        // Anything else that has a `then` may begin only when that is called.
        if (types.isPromise(result)) void result.then(end, end);
        else end();
        return result;
      } catch (error) {
        end();
        throw error;
      }
    };
  }
}
