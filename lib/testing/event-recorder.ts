import { nameAdvice } from '../plan/nearest-name.js';
import type { ShutdownEvent, ShutdownListener } from '../run/events.js';
import type { TaskOutcome } from '../run/outcome.js';

/** Records every event of a run, and checks the order in which things happened. */
export class EventRecorder {
  readonly events: ShutdownEvent[] = [];

  /** Pass it to `listen` or `subscribe`. */
  readonly listener: ShutdownListener = (event) => {
    this.events.push(event);
  };

  /** The events in short form: `start drain`, `start Outbox.flush`, `completed Outbox.flush`, `end drain`. */
  get words(): readonly string[] {
    return this.events.map(word);
  }

  /** The names of the tasks, in the order in which they started. */
  get started(): readonly string[] {
    return this.events.flatMap((event) => (event.type === 'task-started' ? [event.task] : []));
  }

  /**
   * Checks that each task in the list ended before the next one started.
   *
   * @throws Error with the two tasks and the events recorded
   */
  expectOrder(...tasks: readonly string[]): void {
    this.#expectOrder('task', tasks);
  }

  /**
   * Checks that each phase in the list ended before the next one started.
   *
   * @throws Error with the two phases and the events recorded
   */
  expectPhaseOrder(...phases: readonly string[]): void {
    this.#expectOrder('phase', phases);
  }

  /**
   * Checks the outcomes of tasks. Tasks that are not listed may have any outcome.
   *
   * @throws Error with the expected and the actual outcome of each wrong task
   */
  expectOutcomes(expected: Readonly<Record<string, TaskOutcome>>): void {
    const outcomes = this.outcomes;
    const wrong = Object.entries(expected).flatMap(([task, outcome]) => {
      const actual = outcomes.get(task);
      if (actual === outcome) return [];
      if (actual !== undefined) return [`'${task}' ended as '${actual}', expected '${outcome}'`];
      return [`'${task}' neither ended nor was skipped. ${nameAdvice(task, outcomes.keys())}`];
    });
    if (wrong.length > 0) throw new Error(`${wrong.join('\n')}\n${this.#story()}`);
  }

  /** The outcomes of the tasks that have ended or were skipped, by name. */
  get outcomes(): ReadonlyMap<string, TaskOutcome> {
    const outcomes = new Map<string, TaskOutcome>();
    for (const event of this.events) {
      if (event.type === 'task-finished') outcomes.set(event.task, event.outcome);
      else if (event.type === 'task-skipped') outcomes.set(event.task, 'skipped');
    }
    return outcomes;
  }

  #expectOrder(kind: 'task' | 'phase', names: readonly string[]): void {
    names.forEach((name, index) => {
      const next = names[index + 1];
      if (next === undefined) return;
      const end = this.events.findIndex((event) => isOf(event, `${kind}-finished`, name));
      const start = this.events.findIndex((event) => isOf(event, `${kind}-started`, next));
      if (end === -1 || start === -1 || end > start) {
        throw new Error(`Expected '${name}' to end before '${next}' starts. ${this.#story()}`);
      }
    });
  }

  #story(): string {
    return `What happened:\n  ${this.words.join('\n  ')}`;
  }
}

function isOf(event: ShutdownEvent, type: ShutdownEvent['type'], name: string): boolean {
  if (event.type !== type) return false;
  return 'task' in event ? event.task === name : 'phase' in event && event.phase === name;
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
