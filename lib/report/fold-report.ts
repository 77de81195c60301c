import type { ShutdownEvent, TaskEvent } from '../run/events.js';
import { worse, type PhaseOutcome } from '../run/outcome.js';
import type { PhaseReport, ShutdownReport, TaskReport } from './shutdown-report.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type TaskEntry = Writable<TaskReport>;
type PhaseEntry = Writable<Omit<PhaseReport, 'tasks'>> & { readonly tasks: Map<number, TaskEntry> };
type Start = Extract<ShutdownEvent, { type: 'run-started' }>;

/** The report of a whole list of events; `undefined` where no run started. */
export function foldReport(events: Iterable<ShutdownEvent>): ShutdownReport | undefined {
  const fold = new ReportFold();
  for (const event of events) fold.add(event);
  return fold.report();
}

/**
 * Folds the events of a run into its report, one by one. It reads nothing but the events, so the report
 * of a run that still goes on is what has happened up to now.
 */
export class ReportFold {
  #start: Start | undefined;
  #lastAt = 0;
  #outcome: ShutdownReport['outcome'];
  readonly #joinedReasons: ShutdownReport['joinedReasons'][number][] = [];
  readonly #phases = new Map<string, PhaseEntry>();

  add(event: ShutdownEvent): void {
    if (this.#outcome === undefined) this.#lastAt = event.at;
    switch (event.type) {
      case 'run-started':
        this.#start = event;
        for (const { name, mode } of event.phases) {
          this.#phases.set(name, {
            name,
            mode,
            outcome: 'skipped',
            startMs: 0,
            durationMs: 0,
            tasks: new Map(),
          });
        }
        return;
      case 'run-joined':
        this.#joinedReasons.push(event.reason);
        return;
      case 'run-progress':
        return;
      case 'run-finished':
        this.#outcome = event.outcome;
        return;
      case 'phase-started':
      case 'phase-finished':
      case 'phase-skipped':
        this.#addToPhase(event);
        return;
      default:
        this.#addToTask(event);
    }
  }

  report(): ShutdownReport | undefined {
    if (this.#start === undefined) return undefined;
    return {
      reason: this.#start.reason,
      joinedReasons: [...this.#joinedReasons],
      outcome: this.#outcome,
      startedAt: this.#start.at,
      durationMs: this.#lastAt - this.#start.at,
      phases: Array.from(this.#phases.values(), (phase) => ({
        ...phase,
        tasks: Array.from(phase.tasks.values(), (task) => ({ ...task })),
      })),
    };
  }

  #addToPhase(
    event: Extract<ShutdownEvent, { type: 'phase-started' | 'phase-finished' | 'phase-skipped' }>,
  ): void {
    const phase = this.#phases.get(event.phase);
    if (phase === undefined) return;
    switch (event.type) {
      case 'phase-started':
        phase.startMs = this.#since(event.at);
        return;
      case 'phase-finished':
        phase.durationMs = this.#since(event.at) - phase.startMs;
        phase.outcome = event.outcome;
        return;
      case 'phase-skipped':
        phase.startMs = this.#since(event.at);
        phase.skippedBecause = event.cause;
    }
  }

  #addToTask(event: TaskEvent): void {
    const phase = this.#phases.get(event.phase);
    if (phase === undefined) return;
    const startMs = this.#since(event.at);
    const entry = phase.tasks.get(event.id);
    switch (event.type) {
      case 'task-started':
        phase.tasks.set(event.id, newEntry(event.task, startMs));
        return;
      case 'task-skipped':
        phase.tasks.set(event.id, { ...newEntry(event.task, startMs), skippedBecause: event.cause });
        return;
      case 'task-finished':
        if (entry === undefined) return;
        entry.outcome = event.outcome;
        entry.durationMs = startMs - entry.startMs;
        if (event.error !== undefined) entry.error = event.error;
        if (event.abandoned) entry.abandoned = true;
        if (event.inFlight !== undefined) entry.inFlight = event.inFlight;
        // A task that was registered when its phase had ended counts for the phase all the same.
        if (phase.outcome !== 'skipped') {
          phase.outcome = worse<PhaseOutcome>(phase.outcome, event.outcome);
        }
        return;
      case 'task-settled-late':
        if (entry !== undefined) entry.settledLateMs = event.lateMs;
    }
  }

  #since(at: number): number {
    return at - (this.#start?.at ?? at);
  }
}

function newEntry(name: string, startMs: number): TaskEntry {
  return { name, outcome: 'skipped', startMs, durationMs: 0 };
}
