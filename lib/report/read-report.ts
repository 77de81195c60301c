import { MODES } from '../plan/phase.js';
import type { ShutdownReason } from '../plan/reason.js';
import type { InFlightItem } from '../plan/task.js';
import type { SkipCause } from '../run/events.js';
import { errorFromJson, thrownFromJson, type ErrorJson, type ThrownJson } from './error-json.js';
import { jsonInPage } from './page-data.js';
import { ShutdownReportError, StoredValue, optional } from './report-shape.js';
import type {
  PhaseReport,
  ProcessEnd,
  ReportedPhaseOutcome,
  ReportedTaskOutcome,
  RunningReport,
  ShutdownReport,
  TaskReport,
} from './shutdown-report.js';

const RUN_OUTCOMES: readonly ShutdownReport['outcome'][] = ['completed', 'failed', 'timed-out'];
const TASK_OUTCOMES: readonly ReportedTaskOutcome[] = [...RUN_OUTCOMES, 'skipped', 'running'];
const PHASE_OUTCOMES: readonly ReportedPhaseOutcome[] = [...TASK_OUTCOMES, 'waiting'];
const SKIP_CAUSES: readonly SkipCause[] = ['disabled', 'aborted', 'before-from', 'phase-timeout', 'deadline'];
const REASONS: readonly ShutdownReason['kind'][] = [
  'signal',
  'close',
  'request',
  'message',
  'error',
  'exit',
  'abort',
  'before-exit',
  'disconnect',
  'dispose',
];
const ENDS: readonly ProcessEnd['kind'][] = ['deadline', 'escalation', 'fatal-error', 'kept-alive', 'exit'];
const ORIGINS = ['uncaughtException', 'unhandledRejection'] as const;

/** The reader of each version that was ever written. */
const READERS: ReadonlyMap<unknown, (stored: StoredValue) => ShutdownReport | RunningReport> = new Map([
  [1, readVersion1],
]);

/**
 * Reads a stored report: the JSON value, the JSON text, or the HTML page. Unknown keys are ignored. Errors become
 * `Error` objects again; any other thrown value is its text.
 *
 * @throws ShutdownReportError (`SHUTDOWN_REPORT_UNREADABLE`) with the path in the report, and what was expected there
 */
export function reportFromJson(stored: unknown): ShutdownReport | RunningReport {
  const value = new StoredValue(typeof stored === 'string' ? parsed(stored) : stored);
  const version = value.at('version');
  if (!version.isThere) throw new ShutdownReportError('', 'not a shutdown report: it has no `version`.');
  const reader = READERS.get(version.number());
  if (reader !== undefined) return withinDepth(() => reader(value));
  const known = [...READERS.keys()].join(', ');
  throw new ShutdownReportError(
    'version',
    `expected ${known}, got ${version.number()}. A newer release of nestjs-phased-shutdown may have written this report.`,
  );
}

/** Deeply nested causes may overflow the stack. */
function withinDepth<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ShutdownReportError) throw error;
    throw new ShutdownReportError('', `unreadable report: ${String(error)}.`);
  }
}

function parsed(text: string): unknown {
  const isPage = text.trimStart().startsWith('<');
  const json = isPage ? jsonInPage(text) : text;
  if (json === undefined) throw new ShutdownReportError('', 'this page does not contain a shutdown report.');
  if (json.trim() === '') throw new ShutdownReportError('', 'the report is empty.');
  try {
    return JSON.parse(json);
  } catch (cause) {
    const error = new ShutdownReportError('', `invalid JSON: ${String(cause)}.`);
    error.cause = cause;
    throw error;
  }
}

function readVersion1(stored: StoredValue): ShutdownReport | RunningReport {
  const common = {
    reason: readReason(stored.at('reason')),
    joinedReasons: stored.at('joinedReasons').list(readReason),
    startedAt: stored.at('startedAt').number(),
    durationMs: stored.at('durationMs').number(),
    phases: stored.at('phases').list(readPhase),
    ...optional(stored, 'endedBy', readEnd),
  };
  const outcome = stored.at('outcome').oneOf([...RUN_OUTCOMES, 'running']);
  // Two literals, so that TypeScript can narrow the union by `outcome`.
  return outcome === 'running' ? { ...common, outcome } : { ...common, outcome };
}

function readReason(stored: StoredValue): ShutdownReason {
  const kind = stored.at('kind').oneOf(REASONS);
  switch (kind) {
    case 'signal':
      return { kind, signal: stored.at('signal').text() };
    case 'close':
      return { kind, ...optional(stored, 'signal', (each) => each.text()) };
    case 'request':
      return { kind, message: stored.at('message').text() };
    case 'error':
      return { kind, error: readThrown(stored.at('error')), origin: stored.at('origin').oneOf(ORIGINS) };
    case 'exit':
      return {
        kind,
        message: stored.at('message').text(),
        ...optional(stored, 'code', (each) => each.number()),
      };
    case 'abort':
      return { kind, error: readThrown(stored.at('error')) };
    case 'message':
    case 'before-exit':
    case 'disconnect':
    case 'dispose':
      return { kind };
  }
}

function readEnd(stored: StoredValue): ProcessEnd {
  const kind = stored.at('kind').oneOf(ENDS);
  const atMs = stored.at('atMs').number();
  switch (kind) {
    case 'escalation':
      return { kind, atMs, signal: stored.at('signal').text() };
    case 'fatal-error':
      return { kind, atMs, error: readThrown(stored.at('error')) };
    case 'kept-alive':
      return { kind, atMs, leftovers: stored.at('leftovers').list((each) => each.text()) };
    case 'exit':
      return { kind, atMs, code: stored.at('code').number() };
    case 'deadline':
      return { kind, atMs };
  }
}

function readPhase(stored: StoredValue): PhaseReport {
  return {
    name: stored.at('name').text(),
    mode: stored.at('mode').oneOf(MODES),
    outcome: stored.at('outcome').oneOf(PHASE_OUTCOMES),
    startMs: stored.at('startMs').number(),
    durationMs: stored.at('durationMs').number(),
    ...optional(stored, 'skippedBecause', (each) => each.oneOf(SKIP_CAUSES)),
    tasks: stored.at('tasks').list(readTask),
  };
}

function readTask(stored: StoredValue): TaskReport {
  return {
    name: stored.at('name').text(),
    outcome: stored.at('outcome').oneOf(TASK_OUTCOMES),
    startMs: stored.at('startMs').number(),
    durationMs: stored.at('durationMs').number(),
    ...optional(stored, 'error', (each) => errorFromJson(readError(each))),
    ...optional(stored, 'abandoned', (each) => each.oneOf([true] as const)),
    ...optional(stored, 'skippedBecause', (each) => each.oneOf(SKIP_CAUSES)),
    ...optional(stored, 'settledLateMs', (each) => each.number()),
    ...optional(stored, 'inFlight', (each) => each.list(readItem)),
  };
}

function readItem(stored: StoredValue): InFlightItem {
  return { name: stored.at('name').text(), ageMs: stored.at('ageMs').number() };
}

function readThrown(stored: StoredValue): unknown {
  return thrownFromJson(readThrownJson(stored));
}

function readThrownJson(stored: StoredValue): ThrownJson {
  return stored.isText ? stored.text() : readError(stored);
}

function readError(stored: StoredValue): ErrorJson {
  return {
    name: stored.at('name').text(),
    message: stored.at('message').text(),
    ...optional(stored, 'stack', (each) => each.text()),
    ...optional(stored, 'code', (each) => each.textOrNumber()),
    ...optional(stored, 'cause', readThrownJson),
    ...optional(stored, 'errors', (each) => each.list(readThrownJson)),
  };
}
