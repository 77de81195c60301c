/** What a random process writes down about itself, a line of JSON each, before the call that writes returns. */

/** The numbers and outcomes of a report, without anything that was thrown. */
export interface ReportSketch {
  readonly reason: string;
  readonly joined: readonly string[];
  readonly outcome: string;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly endedBy?: string;
  readonly phases: readonly {
    readonly name: string;
    readonly outcome: string;
    readonly startMs: number;
    readonly durationMs: number;
    readonly skippedBecause?: string;
    readonly tasks: readonly TaskSketch[];
  }[];
}

export interface TaskSketch {
  readonly name: string;
  readonly outcome: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly skippedBecause?: string;
  readonly abandoned?: boolean;
  readonly settledLateMs?: number;
}

export type Noted =
  | { readonly what: 'enabled' | 'created' }
  | { readonly what: 'up'; readonly http?: number; readonly tcp?: number }
  /** A trigger of the program itself. */
  | { readonly what: 'asked'; readonly trigger: number }
  | { readonly what: 'run'; readonly step: 'started'; readonly reason: string; readonly deadline: number }
  | { readonly what: 'run'; readonly step: 'finished'; readonly outcome: string }
  | {
      readonly what: 'task';
      readonly task: string;
      readonly step: 'start';
      readonly phase: string;
      readonly deadline: number;
    }
  | { readonly what: 'task'; readonly task: string; readonly step: 'end' | 'fail' | 'abort' }
  | { readonly what: 'hook'; readonly hook: string; readonly step: 'start' | 'end' | 'fail' }
  | {
      readonly what: 'registered';
      readonly task: string;
      readonly phase: string;
      /** The task that registered it, and the phase of that one. */
      readonly by?: { readonly task: string; readonly phase: string };
      readonly refused?: string;
    }
  /** What was on the call stack as the task was registered has returned. */
  | { readonly what: 'returned'; readonly task: string }
  | { readonly what: 'withdrawn'; readonly task: string; readonly done: boolean }
  | { readonly what: 'disposed'; readonly task: string; readonly step: 'asked' | 'resolved' | 'rejected' }
  /** What a call of `run()` was answered with. */
  | {
      readonly what: 'answered';
      readonly reason: string;
      readonly startedAt: number;
      readonly outcome: string;
    }
  | { readonly what: 'closed'; readonly how: 'resolved' | 'rejected' }
  | { readonly what: 'work'; readonly client: number; readonly step: 'accepted' | 'done' }
  | { readonly what: 'log'; readonly text: string }
  | { readonly what: 'report'; readonly report: ReportSketch }
  /** Something that the program did not expect, such as a start that fails. */
  | { readonly what: 'broken'; readonly text: string }
  | { readonly what: 'exit'; readonly code: number };

/** A line of the journal; `at` in milliseconds since the epoch, on a clock that is never set back. */
export type Entry = Noted & { readonly at: number };

/** Entries of one kind. */
export type Of<What extends Noted['what']> = Extract<Noted, { what: What }> & { readonly at: number };

export function of<What extends Noted['what']>(entries: readonly Entry[], what: What): readonly Of<What>[] {
  return entries.filter((entry): entry is Of<What> => entry.what === what);
}

/** The entries of a journal; a last line that was cut off is left out. */
export function readJournal(text: string): readonly Entry[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line): Entry => JSON.parse(line));
}

/** What is read of a report, as it is kept in the process or stored as JSON. */
export interface ReportLike {
  readonly reason: { readonly kind: string; readonly signal?: string };
  readonly joinedReasons: readonly { readonly kind: string; readonly signal?: string }[];
  readonly outcome: string;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly endedBy?: { readonly kind: string };
  readonly phases: ReportSketch['phases'];
}

export function reasonWord({ kind, signal }: ReportLike['reason']): string {
  return kind === 'signal' && signal !== undefined ? signal : kind;
}

/** Leaves out what was thrown, which may be anything. */
export function sketchOf(report: ReportLike): ReportSketch {
  const { reason, joinedReasons, outcome, startedAt, durationMs, endedBy, phases } = report;
  return {
    reason: reasonWord(reason),
    joined: joinedReasons.map(reasonWord),
    outcome,
    startedAt,
    durationMs,
    ...(endedBy === undefined ? {} : { endedBy: endedBy.kind }),
    phases: phases.map(({ tasks, ...phase }) => ({
      name: phase.name,
      outcome: phase.outcome,
      startMs: phase.startMs,
      durationMs: phase.durationMs,
      ...(phase.skippedBecause === undefined ? {} : { skippedBecause: phase.skippedBecause }),
      tasks: tasks.map(taskSketch),
    })),
  };
}

function taskSketch(task: TaskSketch): TaskSketch {
  const { name, outcome, startMs, durationMs, skippedBecause, abandoned, settledLateMs } = task;
  return {
    name,
    outcome,
    startMs,
    durationMs,
    ...(skippedBecause === undefined ? {} : { skippedBecause }),
    ...(abandoned === undefined ? {} : { abandoned }),
    ...(settledLateMs === undefined ? {} : { settledLateMs }),
  };
}
