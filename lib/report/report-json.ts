import { duration } from '../plan/time-budget.js';
import type { Mode } from '../plan/phase.js';
import type { ShutdownReason } from '../plan/reason.js';
import type { InFlightItem } from '../plan/task.js';
import { thrownText } from '../plan/thrown.js';
import type { SkipCause } from '../run/events.js';
import { watchAnswer } from '../run/foreign-call.js';
import type { RunOutcome } from '../run/outcome.js';
import { thrownToJson, type ErrorJson, type ThrownJson } from './error-json.js';
import { withoutSecrets } from './redact.js';
import type {
  PhaseReport,
  ProcessEnd,
  ReportedPhaseOutcome,
  ReportedTaskOutcome,
  RunningReport,
  ShutdownReport,
  TaskReport,
} from './shutdown-report.js';

/** The version of the JSON form that is written. A change that a reader would notice raises it. */
export const REPORT_VERSION = 1;

/** A report as JSON holds it, in version 1. Lengths of time are in milliseconds. */
export interface ReportJson {
  readonly version: 1;
  /** Why it ran: the first reason. */
  readonly reason: ReasonJson;
  /** The reasons of those who asked while it ran, in their order. */
  readonly joinedReasons: readonly ReasonJson[];
  /**
   * How the run ended. `running`: it had not ended when this was written; in a stored report without `endedBy`,
   * the process was killed in the middle.
   */
  readonly outcome: RunOutcome | 'running';
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** From the start of the run to its end, or to the last that is known of it. */
  readonly durationMs: number;
  /** In the order of the plan, those that had nothing to do among them. */
  readonly phases: readonly PhaseJson[];
  /** What ended the process before it could leave by itself. */
  readonly endedBy?: ProcessEndJson;
}

/** Why an application shut down, as `ShutdownReason` has it. */
export type ReasonJson =
  | Exclude<ShutdownReason, { kind: 'error' | 'abort' }>
  | { readonly kind: 'abort'; readonly error: ThrownJson }
  | {
      readonly kind: 'error';
      readonly error: ThrownJson;
      readonly origin: 'uncaughtException' | 'unhandledRejection';
    };

/** What ended a process, as `ProcessEnd` has it. */
export type ProcessEndJson =
  | Exclude<ProcessEnd, { kind: 'fatal-error' }>
  | { readonly kind: 'fatal-error'; readonly atMs: number; readonly error: ThrownJson };

/** What happened in one phase. */
export interface PhaseJson {
  readonly name: string;
  readonly mode: Mode;
  /** How it ended: the worst of its tasks; `waiting`: its turn had not come. */
  readonly outcome: ReportedPhaseOutcome;
  /** From the start of the run. */
  readonly startMs: number;
  readonly durationMs: number;
  /** Why it did not start. */
  readonly skippedBecause?: SkipCause;
  /** In the order in which they started. */
  readonly tasks: readonly TaskJson[];
}

/** What happened to one task. */
export interface TaskJson {
  readonly name: string;
  readonly outcome: ReportedTaskOutcome;
  /** From the start of the run. */
  readonly startMs: number;
  readonly durationMs: number;
  /** What it threw, or the timeout that ended it. */
  readonly error?: ErrorJson;
  /** It still ran when its time was over, or when the process was ended. */
  readonly abandoned?: true;
  /** Why it did not start. */
  readonly skippedBecause?: SkipCause;
  /** How long after its time was over it settled after all. */
  readonly settledLateMs?: number;
  /** The work that was in flight when its time was over, or when this was written. */
  readonly inFlight?: readonly InFlightItem[];
}

/** How a report is written. */
export interface ReportJsonOptions {
  /**
   * Takes out of a text what must not be stored. It is given what was thrown, the names of work in flight, and the
   * reason of a request. Passwords and queries of URLs have been taken out before.
   * @default nothing more is taken out
   */
  readonly redact?: (text: string) => string;
}

/** A report as JSON holds it. It never throws, whatever is in the errors of the report. */
export function reportToJson(
  report: ShutdownReport | RunningReport,
  { redact = (text) => text }: ReportJsonOptions = {},
): ReportJson {
  const clean = (text: string): string => redactedText(text, redact);
  const { outcome, startedAt, durationMs, joinedReasons, phases, endedBy } = report;
  return {
    version: REPORT_VERSION,
    reason: reasonJson(report.reason, clean),
    joinedReasons: joinedReasons.map((reason) => reasonJson(reason, clean)),
    outcome,
    startedAt,
    durationMs,
    phases: phases.map((phase) => phaseJson(phase, clean)),
    ...(endedBy === undefined ? {} : { endedBy: endJson(endedBy, clean) }),
  };
}

type Clean = (text: string) => string;

function reasonJson(reason: ShutdownReason, clean: Clean): ReasonJson {
  switch (reason.kind) {
    case 'error':
    case 'abort':
      return { ...reason, error: thrownToJson(reason.error, clean) };
    case 'request':
    case 'exit':
      return { ...reason, message: clean(thrownText(reason.message)) };
    default:
      return { ...reason };
  }
}

function endJson(end: ProcessEnd, clean: Clean): ProcessEndJson {
  if (end.kind === 'fatal-error') return { ...end, error: thrownToJson(end.error, clean) };
  return end.kind === 'kept-alive' ? { ...end, leftovers: end.leftovers.map(clean) } : { ...end };
}

function phaseJson(phase: PhaseReport, clean: Clean): PhaseJson {
  return { ...phase, tasks: phase.tasks.map((task) => taskJson(task, clean)) };
}

function taskJson({ error, inFlight, ...rest }: TaskReport, clean: Clean): TaskJson {
  return {
    ...rest,
    ...(error === undefined ? {} : { error: errorJson(error, clean) }),
    ...(inFlight === undefined ? {} : { inFlight: inFlight.map((item) => itemJson(item, clean)) }),
  };
}

/** One that hides what it is stands for itself by its text. */
function errorJson(error: Error, clean: Clean): ErrorJson {
  const json = thrownToJson(error, clean);
  return typeof json === 'string' ? { name: 'Error', message: json } : json;
}

/** What a task says of its work may be anything. */
function itemJson({ name, ageMs }: InFlightItem, clean: Clean): InFlightItem {
  return { name: clean(thrownText(name)), ageMs: Number.isFinite(ageMs) ? duration(ageMs) : 0 };
}

/** Where the user's function fails, nothing of the text is stored. */
function redactedText(text: string, redact: Clean): string {
  try {
    const redacted: unknown = redact(withoutSecrets(text));
    // A report is written at once, so an async function cannot redact it.
    watchAnswer(redacted, () => undefined);
    return typeof redacted === 'string' ? redacted : '(could not be redacted)';
  } catch {
    return '(could not be redacted)';
  }
}
