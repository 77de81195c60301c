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

/** The version of the JSON form. Every change that readers would notice increments it. */
export const REPORT_VERSION = 1;

/** A report in JSON form, version 1. Durations are in milliseconds. */
export interface ReportJson {
  readonly version: 1;
  /** Why the app shut down: the first reason. */
  readonly reason: ReasonJson;
  /** The reasons of later triggers during the run, in order. */
  readonly joinedReasons: readonly ReasonJson[];
  /**
   * How the run ended. `running`: it had not ended when the report was written. In a stored report without `endedBy` it
   * means that the process was killed during the run.
   */
  readonly outcome: RunOutcome | 'running';
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** From the start of the run to its end, or to the last known event. */
  readonly durationMs: number;
  /** All phases of the plan, in its order. */
  readonly phases: readonly PhaseJson[];
  /** What ended the process before it could exit on its own. */
  readonly endedBy?: ProcessEndJson;
}

/** A `ShutdownReason` in JSON form. */
export type ReasonJson =
  | Exclude<ShutdownReason, { kind: 'error' | 'abort' }>
  | { readonly kind: 'abort'; readonly error: ThrownJson }
  | {
      readonly kind: 'error';
      readonly error: ThrownJson;
      readonly origin: 'uncaughtException' | 'unhandledRejection';
    };

/** A `ProcessEnd` in JSON form. */
export type ProcessEndJson =
  | Exclude<ProcessEnd, { kind: 'fatal-error' }>
  | { readonly kind: 'fatal-error'; readonly atMs: number; readonly error: ThrownJson };

/** One phase of the report. */
export interface PhaseJson {
  readonly name: string;
  readonly mode: Mode;
  /** The worst outcome of its tasks. `waiting`: it had not started. */
  readonly outcome: ReportedPhaseOutcome;
  /** From the start of the run. */
  readonly startMs: number;
  readonly durationMs: number;
  /** Why it did not start. */
  readonly skippedBecause?: SkipCause;
  /** In the order in which they started. */
  readonly tasks: readonly TaskJson[];
}

/** One task of the report. */
export interface TaskJson {
  readonly name: string;
  readonly outcome: ReportedTaskOutcome;
  /** From the start of the run. */
  readonly startMs: number;
  readonly durationMs: number;
  /** What it threw, or a `ShutdownTimeoutError`. */
  readonly error?: ErrorJson;
  /** It was still running when it timed out, or when the process was ended. */
  readonly abandoned?: true;
  /** Why it did not start. */
  readonly skippedBecause?: SkipCause;
  /** Milliseconds between its timeout and its end, if it ended after all. */
  readonly settledLateMs?: number;
  /** The work in flight when it timed out, or when the report was written. */
  readonly inFlight?: readonly InFlightItem[];
}

/** The options of `reportToJson` and `reportToHtml`. */
export interface ReportJsonOptions {
  /**
   * Returns a text without what must not be stored. It is called for error texts, the names of work in flight and of
   * leftovers, and the messages of reasons. Passwords and queries of URLs have been removed before.
   * @default returns the text unchanged
   */
  readonly redact?: (text: string) => string;
}

/** Converts a report to JSON. Never throws, whatever the errors of the report contain. */
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

/** An error that cannot be recognized as one is stored as its text. */
function errorJson(error: Error, clean: Clean): ErrorJson {
  const json = thrownToJson(error, clean);
  return typeof json === 'string' ? { name: 'Error', message: json } : json;
}

/** `inFlight` is a user function, so its values are not trusted. */
function itemJson({ name, ageMs }: InFlightItem, clean: Clean): InFlightItem {
  return { name: clean(thrownText(name)), ageMs: Number.isFinite(ageMs) ? duration(ageMs) : 0 };
}

/** If the user's function fails, the text is not stored. */
function redactedText(text: string, redact: Clean): string {
  try {
    const redacted: unknown = redact(withoutSecrets(text));
    // A report is written synchronously, so an async function cannot redact it.
    watchAnswer(redacted, () => undefined);
    return typeof redacted === 'string' ? redacted : '(could not be redacted)';
  } catch {
    return '(could not be redacted)';
  }
}
