import type { ShutdownEvent } from '../run/events.js';
import { isWorkTask, type InFlightWork } from './in-flight-work.js';

/** What a transport of the application has taken and not finished. */
export interface DoorWork {
  /** Resolves when all that is in flight at this moment has ended, whatever comes meanwhile. */
  settled(): Promise<void>;
}

/**
 * The work in flight that may call the application's own transports (rule 20): what the other tasks of the phase
 * drain, such as requests, jobs and sockets, the work that is tracked, and the messages in flight.
 *
 * A transport that may be called is a door. Doors do not wait for each other's tasks, which end last: each waits for
 * the messages that all of them have at that moment.
 */
export class Callers {
  readonly #doors = new Map<string, DoorWork>();
  /** The tasks that run and may call a door, by their id, each with its phase. */
  readonly #running = new Map<number, string>();
  #waiting: (() => void)[] = [];

  /** @internal Nest makes it. */
  constructor(private readonly work: InFlightWork) {}

  /** Takes in a task that drains what others may call. */
  addDoor(task: string, work: DoorWork): void {
    this.#doors.set(task, work);
  }

  /** Follows the run. */
  observe(event: ShutdownEvent): void {
    if (event.type === 'task-started') {
      // Tracked work is asked for itself, since its task waits for its neighbours in turn.
      if (!this.#doors.has(event.task) && !isWorkTask(event.task)) this.#running.set(event.id, event.phase);
    } else if (event.type === 'task-finished' && this.#running.delete(event.id)) {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve();
    }
  }

  /** Resolves when nothing in the phase is left that may call a door. */
  async ended(phase: string): Promise<void> {
    do {
      // The tasks of a phase start one after the other in the same turn.
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      while (this.#runs(phase)) {
        await new Promise<void>((resolve) => {
          this.#waiting.push(resolve);
        });
      }
      await this.work.idle();
    } while (this.#runs(phase) || this.work.count > 0);
    await Promise.all(Array.from(this.#doors.values(), (door) => door.settled()));
  }

  #runs(phase: string): boolean {
    return [...this.#running.values()].includes(phase);
  }
}
