import type { ShutdownEvent, ShutdownListener } from '../run/events.js';

/** Keeps every event of a run, and answers in which order things happened. */
export class EventRecorder {
  readonly events: ShutdownEvent[] = [];

  /** To be given to `listen` or `subscribe`. */
  readonly listener: ShutdownListener = (event) => {
    this.events.push(event);
  };

  /** The events as short words: `start drain`, `start Outbox.flush`, `completed Outbox.flush`, `end drain`. */
  get words(): readonly string[] {
    return this.events.map(word);
  }

  /** The names of the tasks in the order in which they started. */
  get started(): readonly string[] {
    return this.events.flatMap((event) => (event.type === 'task-started' ? [event.task] : []));
  }

  /**
   * Checks that each task in the list ended before the next one started.
   *
   * @throws Error that names the two tasks and shows what happened
   */
  expectOrder(...tasks: readonly string[]): void {
    tasks.forEach((task, index) => {
      const next = tasks[index + 1];
      if (next === undefined) return;
      const end = this.#indexOf('task-finished', task);
      const start = this.#indexOf('task-started', next);
      if (end === -1 || start === -1 || end > start) {
        throw new Error(
          `Expected '${task}' to end before '${next}' starts, but what happened was:\n  ${this.words.join('\n  ')}`,
        );
      }
    });
  }

  #indexOf(type: 'task-started' | 'task-finished', task: string): number {
    return this.events.findIndex((event) => event.type === type && event.task === task);
  }
}

function word(event: ShutdownEvent): string {
  switch (event.type) {
    case 'run-started':
      return 'start run';
    case 'run-joined':
      return 'join run';
    case 'run-progress':
      return `await ${event.awaited.map((each) => each.task).join(', ')}`;
    case 'run-finished':
      return `${event.outcome} run`;
    case 'phase-started':
      return `start ${event.phase}`;
    case 'phase-finished':
      return `end ${event.phase}`;
    case 'phase-skipped':
      return `skip ${event.phase}`;
    case 'task-started':
      return `start ${event.task}`;
    case 'task-finished':
      return `${event.outcome} ${event.task}`;
    case 'task-skipped':
      return `skip ${event.task}`;
    case 'task-settled-late':
      return `late ${event.task}`;
  }
}
