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

export interface SchedulePorts {
  readonly clock: Clock;
  readonly names: ScheduleNames;
  readonly notify: Notify;
}

const NOT_FOLLOWED = 'its callback was not found, so the job stops, but a run in progress is not waited for';

/**
 * Stops the crons, intervals and timeouts of a registry, and waits for the runs in progress. The jobs stay
 * registered: Nest deletes them later.
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

  /** The tasks that stop the jobs when the shutdown begins, and wait for the runs in a phase. */
  tasks({ name, phase }: { readonly name: string; readonly phase: string }): readonly ShutdownTask[] {
    return [
      { name: `${name}.stop`, phase: UNREADY_PHASE, run: () => this.#stop() },
      {
        name,
        phase,
        inFlight: () => this.#running.items,
        run: () => {
          // The run can start at a later phase, which skips the task that stops the jobs.
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

  /** A run that started before its job was registered is not counted; only the job itself knows of it. */
  #await(kind: ScheduledJob['kind'], name: string, stopped: Promise<unknown> | undefined): void {
    const shown = this.ports.names.of(kind, name);
    if (stopped === undefined || this.#running.items.some((item) => item.name === shown)) return;
    void stopped.then(this.#running.begin(shown));
  }

  /** Counts each call until its result settles. */
  #counted(run: Method, nameOf: () => string): Method {
    const running = this.#running;
    return function (this: unknown, ...args: readonly unknown[]): unknown {
      const end = running.begin(nameOf());
      try {
        const result = Reflect.apply(run, this, args);
        // Another thenable may be lazy and start only when `then` is called.
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
