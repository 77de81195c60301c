import { milliseconds } from '../plan/plan-text.js';
import { errorText } from '../plan/reason-text.js';
import type {
  PhaseReport,
  ProcessEnd,
  RunningReport,
  ShutdownReport,
  TaskReport,
} from './shutdown-report.js';

/**
 * How a shutdown went: the outcome of the run; `forced` if the process was ended during the run; `unfinished` if the end
 * is unknown.
 */
export type Verdict = ShutdownReport['outcome'] | 'forced' | 'unfinished';

type Report = ShutdownReport | RunningReport;

export function verdictOf({ outcome, endedBy }: Report): Verdict {
  // `kept-alive` comes after a complete shutdown.
  if (endedBy !== undefined && (endedBy.kind !== 'kept-alive' || outcome === 'running')) return 'forced';
  return outcome === 'running' ? 'unfinished' : outcome;
}

/** `completed in 1 042 ms`, `unfinished in phase 'drain', last update after 3 120 ms`. */
export function verdictText(report: Report): string {
  const verdict = verdictOf(report);
  switch (verdict) {
    case 'completed':
    case 'failed':
    case 'timed-out':
      return `${verdict} in ${milliseconds(report.durationMs)}`;
    case 'forced':
      return `cut short${phasesText(report)}: ${report.endedBy === undefined ? '' : endText(report.endedBy)}`;
    case 'unfinished':
      return `unfinished${phasesText(report)}, last update after ${milliseconds(report.durationMs)}`;
  }
}

export function endText(end: ProcessEnd): string {
  const after = `after ${milliseconds(end.atMs)}`;
  switch (end.kind) {
    case 'deadline':
      return `the grace period was nearly over ${after}`;
    case 'escalation':
      return `a second signal (${end.signal}) arrived ${after}`;
    case 'fatal-error':
      return `a second fatal error occurred ${after}, ${errorText(end.error)}`;
    case 'kept-alive':
      return `kept alive by ${end.leftovers.join('; ') || 'something that Node does not list'}, and ended ${after}`;
    case 'exit':
      return `the process exited with code ${end.code} ${after}`;
  }
}

/** The tasks that did not end: abandoned, or still running when the report was written. */
export function abandonedTasks(report: Report): readonly TaskReport[] {
  return report.phases
    .flatMap(({ tasks }) => tasks)
    .filter(({ abandoned, outcome }) => abandoned === true || outcome === 'running');
}

export function isRunning({ outcome }: PhaseReport): boolean {
  return outcome === 'running';
}

function phasesText({ phases }: Report): string {
  const names = phases.filter(isRunning).map(({ name }) => `'${name}'`);
  if (names.length === 0) return '';
  return ` in phase${names.length === 1 ? '' : 's'} ${names.join(' and ')}`;
}
