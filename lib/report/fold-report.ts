import { duration } from '../plan/time-budget.js';
import type { ShutdownEvent, TaskEvent } from '../run/events.js';
import { worse, type RunOutcome, type TaskOutcome } from '../run/outcome.js';
import type { PhaseReport, RunningReport, ShutdownReport, TaskReport } from './shutdown-report.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type TaskEntry = Writable<TaskReport>;
type PhaseEntry = Writable<Omit<PhaseReport, 'tasks'>> & { readonly tasks: Map<number, TaskEntry> };
type Start = Extract<ShutdownEvent, { type: 'run-started' }>;

/** The report of a list of events; `undefined` if no run has started. */
export function foldReport(events: Iterable<ShutdownEvent>): ShutdownReport | RunningReport | undefined {
  const fold = new ReportFold();
  for (const event of events) fold.add(event);
  return fold.report();
}

/**
 * Folds the events of a run into its report, one by one. It depends on the events only, so the report of an unfinished
 * run contains what has happened so far.
 */
export class ReportFold {
  #start: Start | undefined;
  #lastAt = 0;
  #outcome: RunOutcome | 'running' = 'running';
  readonly #joinedReasons: ShutdownReport['joinedReasons'][number][] = [];
  readonly #phases = new Map<string, PhaseEntry>();

  add(event: ShutdownEvent): void {
    if (this.#outcome === 'running') this.#lastAt = event.at;
    switch (event.type) {
      case 'run-started':
        this.#start = event;
        for (const { name, mode } of event.phases) {
          this.#phases.set(name, {
            name,
            mode,
            outcome: 'waiting',
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

  report(): ShutdownReport | RunningReport | undefined {
    if (this.#start === undefined) return undefined;
    const common = {
      reason: this.#start.reason,
      joinedReasons: [...this.#joinedReasons],
      startedAt: this.#start.at,
      durationMs: this.#since(this.#lastAt),
      phases: Array.from(this.#phases.values(), (phase) => ({
        ...this.#upToNow(phase),
        tasks: Array.from(phase.tasks.values(), (task) => this.#upToNow(task)),
      })),
    };
    // Two literals, so that TypeScript can narrow the union by `outcome`.
    return this.#outcome === 'running'
      ? { ...common, outcome: this.#outcome }
      : { ...common, outcome: this.#outcome };
  }

  /** A running entry has lasted until the last event. */
  #upToNow<T extends TaskEntry | PhaseEntry>(entry: T): T {
    if (entry.outcome !== 'running') return { ...entry };
    return { ...entry, durationMs: tenths(this.#since(this.#lastAt) - entry.startMs) };
  }

  #addToPhase(
    event: Extract<ShutdownEvent, { type: 'phase-started' | 'phase-finished' | 'phase-skipped' }>,
  ): void {
    const phase = this.#phases.get(event.phase);
    if (phase === undefined) return;
    switch (event.type) {
      case 'phase-started':
        phase.startMs = this.#since(event.at);
        phase.outcome = 'running';
        return;
      case 'phase-finished':
        phase.durationMs = tenths(this.#since(event.at) - phase.startMs);
        phase.outcome = event.outcome;
        return;
      case 'phase-skipped':
        phase.startMs = this.#since(event.at);
        phase.outcome = 'skipped';
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
        phase.tasks.set(event.id, newEntry(event.task, { startMs, outcome: 'running' }));
        return;
      case 'task-skipped':
        phase.tasks.set(event.id, {
          ...newEntry(event.task, { startMs, outcome: 'skipped' }),
          skippedBecause: event.cause,
        });
        return;
      case 'task-finished':
        if (entry === undefined) return;
        entry.outcome = event.outcome;
        entry.durationMs = tenths(startMs - entry.startMs);
        if (event.error !== undefined) entry.error = event.error;
        if (event.abandoned) entry.abandoned = true;
        if (event.inFlight !== undefined) entry.inFlight = event.inFlight;
        // A task that was registered after its phase had ended still counts for the phase.
        if (hasEnded(phase.outcome)) phase.outcome = worse<TaskOutcome>(phase.outcome, event.outcome);
        return;
      case 'task-settled-late':
        if (entry !== undefined) entry.settledLateMs = duration(event.lateMs);
    }
  }

  #since(at: number): number {
    return tenths(at - (this.#start?.at ?? at));
  }
}

function newEntry(
  name: string,
  { startMs, outcome }: { readonly startMs: number; readonly outcome: 'running' | 'skipped' },
): TaskEntry {
  return { name, outcome, startMs, durationMs: 0 };
}

function hasEnded(outcome: PhaseReport['outcome']): outcome is TaskOutcome {
  return outcome !== 'waiting' && outcome !== 'running' && outcome !== 'skipped';
}

/** Rounds to tenths of a millisecond. */
function tenths(ms: number): number {
  return Math.round(duration(ms) * 10) / 10;
}
