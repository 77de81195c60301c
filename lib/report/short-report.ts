import { milliseconds } from '../plan/plan-text.js';
import { printable, shortened } from '../plan/printable.js';
import { reasonText } from '../plan/reason-text.js';
import { thrownText } from '../plan/thrown.js';
import { instant } from './instant.js';
import type { PhaseReport, RunningReport, ShutdownReport, TaskReport } from './shutdown-report.js';
import { verdictText } from './verdict.js';

/** The most characters of a line: a longer one would displace others. */
const LINE = 300;

/** The most pieces of work that a line lists. */
const ITEMS = 5;

/**
 * The report in a few lines, the most important first: the outcome and the reason, the tasks that did not complete, the
 * durations of the phases.
 *
 * @param limit the most bytes in UTF-8; lines are not split
 */
export function shortReport(report: ShutdownReport | RunningReport, limit: number): string {
  const { phases, joinedReasons } = report;
  const tasks = phases.flatMap((phase) => phase.tasks.map((task) => ({ phase: phase.name, task })));
  const left = tasks.filter(({ task }) => task.abandoned === true || task.outcome === 'running');
  const others = tasks.filter(({ task }) => ['failed', 'timed-out'].includes(task.outcome));
  const lines = [
    `Shutdown ${verdictText(report)}.`,
    `Reason: ${[reasonText(report.reason), instant(report.startedAt)?.text ?? ''].join(' ').trim()}`,
    ...left.map(({ phase, task }) => taskLine(phase, task)),
    ...others.filter(({ task }) => task.abandoned !== true).map(({ phase, task }) => taskLine(phase, task)),
    ...phases.filter(tookPart).map(phaseLine),
    ...(joinedReasons.length === 0 ? [] : [`Also triggered by: ${joinedReasons.map(reasonText).join('; ')}`]),
  ];
  return wholeLines(lines.map(oneLine), limit);
}

function taskLine(phase: string, { name, outcome, abandoned, durationMs, error, inFlight = [] }: TaskReport) {
  const word = abandoned === true ? 'abandoned' : outcome;
  const items = inFlight.slice(0, ITEMS).map((item) => `${item.name} ${milliseconds(item.ageMs)}`);
  if (inFlight.length > ITEMS) items.push(`${inFlight.length - ITEMS} more`);
  const work = items.length === 0 ? '' : `; in flight: ${items.join(', ')}`;
  const why = outcome === 'failed' && error !== undefined ? `: ${thrownText(error)}` : '';
  return `- ${name} in ${phase} ${word} after ${milliseconds(durationMs)}${why}${work}`;
}

function tookPart({ durationMs, outcome }: PhaseReport): boolean {
  return durationMs >= 1 || outcome === 'running';
}

function phaseLine({ name, outcome, durationMs }: PhaseReport): string {
  return `${name}: ${milliseconds(durationMs)}${outcome === 'completed' ? '' : `, ${outcome}`}`;
}

function oneLine(text: string): string {
  return shortened(printable(text).replace(/\s+/g, ' ').trim(), LINE);
}

function wholeLines(lines: readonly string[], limit: number): string {
  const encoder = new TextEncoder();
  let text = '';
  for (const line of lines) {
    if (encoder.encode(`${text}${line}\n`).length > limit) break;
    text += `${line}\n`;
  }
  return text;
}
