import { milliseconds } from '../plan/plan-text.js';
import type { PhaseReport, ShutdownReport, TaskReport } from './shutdown-report.js';

/** Columns of a terminal that the timeline keeps to. */
const WIDTH = 80;
const BAR = 28;
const NAME = WIDTH - BAR - 30;
const SHOWN_TASKS = 20;

/**
 * The report as a picture for the terminal: a line for each phase and task with a bar to scale, the
 * milliseconds and the outcome; 80 columns, without colour.
 */
export function timeline(report: ShutdownReport): string {
  const scale = BAR / Math.max(1, ...report.phases.flatMap(ends), report.durationMs);
  return report.phases
    .filter((phase) => phase.tasks.length > 0 || phase.durationMs >= 1 || phase.skippedBecause)
    .flatMap((phase) => [
      row(phase.name, phase, { drawn: bar(phase, scale, '─'), outcome: phaseOutcome(phase) }),
      ...taskRows(phase.tasks, scale),
    ])
    .join('\n');
}

function taskRows(tasks: readonly TaskReport[], scale: number): readonly string[] {
  const { shown, left } = choose(tasks);
  const rows = shown.flatMap((task) => [
    row(`  ${task.name}`, task, { drawn: bar(task, scale, '█'), outcome: taskOutcome(task) }),
    ...notes(task),
  ]);
  if (left.length > 0) rows.push(`  and ${left.length} more that completed`);
  return rows;
}

/** Where there are too many lines, those that completed are what can be left out. */
function choose(tasks: readonly TaskReport[]): {
  readonly shown: readonly TaskReport[];
  readonly left: readonly TaskReport[];
} {
  if (tasks.length <= SHOWN_TASKS) return { shown: tasks, left: [] };
  let room = SHOWN_TASKS - tasks.filter((task) => task.outcome !== 'completed').length;
  const shown: TaskReport[] = [];
  const left: TaskReport[] = [];
  for (const task of tasks) {
    if (task.outcome !== 'completed' || room > 0) shown.push(task);
    else left.push(task);
    if (task.outcome === 'completed') room -= 1;
  }
  return { shown, left };
}

function row(
  name: string,
  { startMs, durationMs }: { readonly startMs: number; readonly durationMs: number },
  { drawn, outcome }: { readonly drawn: string; readonly outcome: string },
): string {
  const columns = [
    fit(name, NAME).padEnd(NAME),
    milliseconds(startMs).padStart(9),
    drawn,
    milliseconds(durationMs).padStart(9),
    outcome,
  ];
  return columns.join(' ').trimEnd();
}

function notes({ error, settledLateMs, inFlight = [] }: TaskReport): readonly string[] {
  const lines = error === undefined ? [] : [oneLine(error.message)];
  if (error?.cause !== undefined) lines.push(`because of ${oneLine(String(error.cause))}`);
  for (const item of inFlight.slice(0, 5)) lines.push(`in flight: ${item.name} ${milliseconds(item.ageMs)}`);
  if (inFlight.length > 5) lines.push(`and ${inFlight.length - 5} more in flight`);
  if (settledLateMs !== undefined) lines.push(`settled ${milliseconds(settledLateMs)} after its time`);
  return lines.map((line) => fit(`    ${line}`, WIDTH));
}

function ends({ startMs, durationMs, tasks }: PhaseReport): readonly number[] {
  return [startMs + durationMs, ...tasks.map((task) => task.startMs + task.durationMs)];
}

function bar(
  { startMs, durationMs, outcome }: { startMs: number; durationMs: number; outcome: string },
  scale: number,
  fill: string,
): string {
  const from = Math.min(BAR - 1, Math.floor(startMs * scale));
  if (outcome === 'skipped') return ' '.repeat(BAR);
  const length = Math.min(BAR - from, Math.max(1, Math.round(durationMs * scale)));
  return ' '.repeat(from).concat(fill.repeat(length)).padEnd(BAR);
}

/** Completed goes without saying. */
function phaseOutcome({ outcome, skippedBecause, tasks }: PhaseReport): string {
  if (outcome === 'completed') return '';
  return skippedBecause === undefined ? outcome : `skipped (${tasks.length})`;
}

function taskOutcome({ outcome }: TaskReport): string {
  return outcome === 'completed' ? '' : outcome;
}

function fit(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
