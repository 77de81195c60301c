import type { DoorCallers, DoorWork } from '../feature.js';
import type { ShutdownEvent } from '../run/events.js';
import { isWorkTask, type InFlightWork } from './in-flight-work.js';

/**
 * The work in flight that may call the app's own transports (rule 20): what the other tasks of the phase drain
 * (requests, jobs, sockets), tracked work, and messages in flight.
 *
 * A transport that can be called is a door. The tasks of doors end last, so doors do not wait for each other's
 * tasks: each waits for the messages that all doors hold at that moment.
 */
export class Callers implements DoorCallers {
  readonly #doors = new Map<string, DoorWork>();
  /** The running tasks that may call a door: task id to phase. */
  readonly #running = new Map<number, string>();
  #waiting: (() => void)[] = [];

  /** @internal Created by Nest. */
  constructor(private readonly work: InFlightWork) {}

  /** Adds a task that drains a door. Other work may call it. */
  addDoor(task: string, work: DoorWork): void {
    this.#doors.set(task, work);
  }

  /** Receives the events of the run. */
  observe(event: ShutdownEvent): void {
    if (event.type === 'task-started') {
      // Tracked work is asked directly, because its task waits for its neighbours in turn.
      if (!this.#doors.has(event.task) && !isWorkTask(event.task)) this.#running.set(event.id, event.phase);
    } else if (event.type === 'task-finished' && this.#running.delete(event.id)) {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve();
    }
  }

  /** Resolves when nothing in the phase may call a door any more. */
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
