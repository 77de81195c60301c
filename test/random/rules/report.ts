import type { ReportSketch } from '../journal.js';
import { of } from '../journal.js';
import type { Rule } from './facts.js';

const WORST = ['completed', 'failed', 'timed-out'];

/** The report agrees with itself. */
export const reportIsSound: Rule = ({ report }) => {
  if (report === undefined) return [];
  const faults: string[] = [];
  const timed = [report, ...report.phases, ...report.phases.flatMap(({ tasks }) => tasks)];
  for (const entry of timed) {
    const start = 'startMs' in entry ? entry.startMs : 0;
    if (!(entry.durationMs >= 0) || !(start >= 0)) faults.push(`${nameOf(entry)} has a negative time`);
    // Times are rounded to tenths one by one.
    if (report.outcome !== 'running' && start + entry.durationMs > report.durationMs + 0.3) {
      faults.push(`${nameOf(entry)} ends after the run`);
    }
  }
  if (report.outcome === 'running') return faults;
  for (const phase of report.phases) {
    if (phase.outcome === 'running' || phase.outcome === 'waiting')
      faults.push(`'${phase.name}' is ${phase.outcome} at the end`);
    const worst =
      WORST.findLast((each) => phase.tasks.some(({ outcome }) => outcome === each)) ?? 'completed';
    if (phase.outcome !== 'skipped' && phase.outcome !== worst)
      faults.push(`'${phase.name}' is ${phase.outcome}, its tasks ${worst}`);
  }
  const outcomes = report.phases.flatMap(({ outcome, skippedBecause, tasks }) => [
    outcome,
    ...(skippedBecause === 'deadline' ? ['timed-out'] : []),
    ...tasks.map((task) => task.outcome),
  ]);
  const worst = WORST.findLast((each) => outcomes.includes(each)) ?? 'completed';
  if (report.outcome !== worst) faults.push(`the run is ${report.outcome}, its phases ${worst}`);
  return faults;
};

function nameOf(entry: object): string {
  return 'name' in entry ? `'${String(entry.name)}'` : 'the run';
}

/** The stored report is there, can be read, and says what the process said. */
export const reportIsStored: Rule = ({ scenario, observation, runStart, runEnd, entries }) => {
  const { stored, overdue } = observation;
  if (!scenario.stored || runStart === undefined || overdue) return [];
  if (stored === 'none' || stored === 'unreadable')
    return [`the stored report is ${stored === 'none' ? 'missing' : stored}`];
  const kept = of(entries, 'report')[0]?.report;
  if (runEnd !== undefined && stored.outcome === 'running')
    return ['the stored report says that the run goes on'];
  if (kept === undefined) return [];
  return essence(kept) === essence(stored) ? [] : ['the stored report differs from that of the process'];
};

/** What of a report does not change any more when its run has ended. */
function essence({ reason, outcome, startedAt, durationMs, phases }: ReportSketch): string {
  const tasks = phases.map(({ name, outcome: phaseOutcome, tasks: own }) => [
    name,
    phaseOutcome,
    own.map((task) => [task.name, task.outcome, task.startMs, task.durationMs]),
  ]);
  return JSON.stringify([reason, outcome, startedAt, durationMs, tasks]);
}
