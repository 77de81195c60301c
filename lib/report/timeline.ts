import { milliseconds } from '../plan/plan-text.js';
import { printable } from '../plan/printable.js';
import { namedText, readError, thrownText } from '../plan/thrown.js';
import type { PhaseReport, RunningReport, ShutdownReport, TaskReport } from './shutdown-report.js';

/** The most columns of a line. */
const WIDTH = 80;
/** The columns of a bar, if there is room. */
const BAR = 28;
/** The columns that a long name gets at least. */
const NAME = 18;
const SHOWN_TASKS = 20;

/** A line with a bar, before its layout. */
interface Row {
  readonly name: string;
  readonly startMs: number;
  readonly durationMs: number;
  /** The character of the bar; empty for what did not start. */
  readonly fill: string;
  readonly outcome: string;
}

/** The widths of the columns. */
interface Columns {
  readonly name: number;
  readonly start: number;
  readonly bar: number;
  readonly duration: number;
  /** Columns of the bar per millisecond. */
  readonly scale: number;
}

/**
 * The report as text for a terminal: one line per phase and task with its start, a bar to scale, its duration in
 * milliseconds and its outcome. 80 columns, no colours.
 */
export function timeline(report: ShutdownReport | RunningReport): string {
  const lines = report.phases
    .filter((phase) => phase.tasks.length > 0 || phase.durationMs >= 1 || phase.skippedBecause)
    .flatMap((phase) => [phaseRow(phase), ...taskLines(phase.tasks)]);
  const columns = columnsOf(lines.filter((line) => typeof line !== 'string'));
  return lines
    .map((line) => (typeof line === 'string' ? fit(line, WIDTH) : drawnRow(line, columns)))
    .join('\n');
}

function phaseRow({ name, startMs, durationMs, outcome, skippedBecause, tasks }: PhaseReport): Row {
  const word = skippedBecause === undefined ? outcomeWord(outcome) : `skipped (${tasks.length})`;
  return {
    name: oneLine(name),
    startMs,
    durationMs,
    outcome: word,
    fill: outcome === 'skipped' || outcome === 'waiting' ? '' : '─',
  };
}

function taskRow({ name, startMs, durationMs, outcome }: TaskReport): Row {
  const fill = outcome === 'skipped' ? '' : '█';
  return { name: `  ${oneLine(name)}`, startMs, durationMs, outcome: outcomeWord(outcome), fill };
}

/** `completed` is not shown. */
function outcomeWord(outcome: PhaseReport['outcome']): string {
  return outcome === 'completed' ? '' : outcome;
}

function taskLines(tasks: readonly TaskReport[]): readonly (Row | string)[] {
  const shown = choose(tasks);
  const lines = shown.flatMap((task) => [taskRow(task), ...notes(task)]);
  if (shown.length < tasks.length) lines.push(`  and ${tasks.length - shown.length} more completed`);
  return lines;
}

/** If there are too many tasks, omits completed ones. */
function choose(tasks: readonly TaskReport[]): readonly TaskReport[] {
  if (tasks.length <= SHOWN_TASKS) return tasks;
  let room = SHOWN_TASKS - tasks.filter((task) => task.outcome !== 'completed').length;
  return tasks.filter((task) => {
    if (task.outcome !== 'completed') return true;
    room -= 1;
    return room >= 0;
  });
}

function notes({ error, settledLateMs, inFlight = [] }: TaskReport): readonly string[] {
  const lines = error === undefined ? [] : [oneLine(thrownText(error))];
  const cause = readError(error)?.cause;
  if (cause !== undefined) lines.push(`cause: ${oneLine(namedText(cause))}`);
  for (const item of inFlight.slice(0, 5)) {
    lines.push(`in flight: ${oneLine(item.name)} ${milliseconds(item.ageMs)}`);
  }
  if (inFlight.length > 5) lines.push(`and ${inFlight.length - 5} more in flight`);
  if (settledLateMs !== undefined) lines.push(`settled ${milliseconds(settledLateMs)} after its timeout`);
  return lines.map((line) => `    ${line}`);
}

/** Numbers and outcomes are never shortened; bars and names share the rest. */
function columnsOf(rows: readonly Row[]): Columns {
  const widest = (text: (row: Row) => string): number => largest(rows, (row) => text(row).length);
  const start = widest((row) => milliseconds(row.startMs));
  const duration = widest((row) => milliseconds(row.durationMs));
  const left = WIDTH - start - duration - widest((row) => row.outcome) - ' '.length * 4;
  const name = Math.min(
    widest((row) => row.name),
    Math.max(NAME, left - BAR),
  );
  const bar = Math.min(BAR, left - name);
  const end = largest(rows, (row) => row.startMs + row.durationMs);
  return { name, start, bar, duration, scale: bar / Math.max(1, end) };
}

/** Without spreading into `Math.max`, which overflows the stack for long lists. */
function largest(rows: readonly Row[], size: (row: Row) => number): number {
  return rows.reduce((most, row) => Math.max(most, size(row)), 0);
}

function drawnRow(row: Row, columns: Columns): string {
  return [
    fit(row.name, columns.name).padEnd(columns.name),
    milliseconds(row.startMs).padStart(columns.start),
    drawnBar(row, columns),
    milliseconds(row.durationMs).padStart(columns.duration),
    row.outcome,
  ]
    .join(' ')
    .trimEnd();
}

function drawnBar({ startMs, durationMs, fill }: Row, { bar: width, scale }: Columns): string {
  const from = Math.min(width - 1, Math.floor(startMs * scale));
  const length = Math.min(width - from, Math.max(1, Math.round(durationMs * scale)));
  return ' '.repeat(from).concat(fill.repeat(length)).padEnd(width);
}

function fit(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, ' ').trim();
}
