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
 * How a stop went, in one word: as the run ended; `forced` where the process was ended in the middle; `unfinished`
 * where nobody knows of its end.
 */
export type Verdict = ShutdownReport['outcome'] | 'forced' | 'unfinished';

type Report = ShutdownReport | RunningReport;

export function verdictOf({ outcome, endedBy }: Report): Verdict {
  // What is kept alive when all is closed was shut down before.
  if (endedBy !== undefined && (endedBy.kind !== 'kept-alive' || outcome === 'running')) return 'forced';
  return outcome === 'running' ? 'unfinished' : outcome;
}

/** `completed in 1 042 ms`, `unfinished in the phase 'drain', last heard of after 3 120 ms`. */
export function verdictText(report: Report): string {
  const verdict = verdictOf(report);
  switch (verdict) {
    case 'completed':
    case 'failed':
    case 'timed-out':
      return `${verdict} in ${milliseconds(report.durationMs)}`;
    case 'forced':
      return `ended by force${phasesText(report)}: ${report.endedBy === undefined ? '' : endText(report.endedBy)}`;
    case 'unfinished':
      return `unfinished${phasesText(report)}, last heard of after ${milliseconds(report.durationMs)}`;
  }
}

/** What ended a process, in words. */
export function endText(end: ProcessEnd): string {
  const after = `after ${milliseconds(end.atMs)}`;
  switch (end.kind) {
    case 'deadline':
      return `the grace period was nearly over ${after}`;
    case 'escalation':
      return `${end.signal} came again ${after}`;
    case 'fatal-error':
      return `a second fatal error came ${after}, ${errorText(end.error)}`;
    case 'kept-alive':
      return `kept alive by ${end.leftovers.join('; ') || 'something that Node does not name'}, and ended ${after}`;
    case 'exit':
      return `the process exited with ${end.code} ${after}`;
  }
}

/** The tasks that were left while they still ran, with those that ran when nothing more was written. */
export function abandonedTasks(report: Report): readonly TaskReport[] {
  return report.phases
    .flatMap(({ tasks }) => tasks)
    .filter(({ abandoned, outcome }) => abandoned === true || outcome === 'running');
}

export function isRunning({ outcome }: PhaseReport): boolean {
  return outcome === 'running';
}

/** Where a run stood: the phases that ran. */
function phasesText({ phases }: Report): string {
  const names = phases.filter(isRunning).map(({ name }) => `'${name}'`);
  if (names.length === 0) return '';
  return ` in the phase${names.length === 1 ? '' : 's'} ${names.join(' and ')}`;
}
