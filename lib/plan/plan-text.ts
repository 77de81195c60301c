import type { Phase } from './phase.js';
import type { PlannedPhase, ShutdownPlan } from './shutdown-plan.js';
import { duration } from './time-budget.js';

/** Columns of the text. Only a long name may exceed it. */
const WIDTH = 80;
const SHOWN_TASKS = 12;

/** The plan as text: one line per phase with mode, timeout and tasks, then the longest path. */
export function planText(plan: ShutdownPlan): string {
  const rows = plan.phases.map((phase, index) => [
    phase.name,
    phase.enabled ? phase.mode : 'disabled',
    milliseconds(phase.timeout),
    taskNames(phase),
    followsNote(phase, plan.phases[index - 1]),
  ]);
  const width = (column: number): number => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0));
  const lines = rows.map(([name = '', mode = '', timeout = '', tasks = '', follows = '']) => {
    const head = `  ${name.padEnd(width(0))}  ${mode.padEnd(width(1))}  ${timeout.padStart(width(2))}  `;
    return head + wrapped(`${tasks}${follows}`, head.length);
  });
  return [...lines, `  at most ${pathSum(plan.longestPath)}`].join('\n');
}

/** `unready 1 000 + drain 15 000 = 16 000 ms` */
export function pathSum({
  phases,
  ms,
}: {
  readonly phases: readonly Pick<Phase, 'name' | 'timeout'>[];
  readonly ms: number;
}): string {
  const terms = phases.map((phase) => `${phase.name} ${thousands(phase.timeout)}`);
  return terms.length < 2 ? `${terms.join('')} ms`.trim() : `${terms.join(' + ')} = ${milliseconds(ms)}`;
}

/** `15 000 ms`: grouped, so that nobody misreads it as 1 500. */
export function milliseconds(ms: number): string {
  return `${thousands(ms)} ms`;
}

/** Seconds with one decimal: `2.3 s`. */
export function seconds(ms: number): string {
  return `${(duration(ms) / 1_000).toFixed(1)} s`;
}

function thousands(ms: number): string {
  return String(Math.round(duration(ms))).replace(/\B(?=(\d{3})+$)/g, ' ');
}

function taskNames({ tasks }: PlannedPhase): string {
  const names = tasks.slice(0, SHOWN_TASKS).map((task) => task.name);
  if (tasks.length > names.length) names.push(`and ${tasks.length - names.length} more`);
  return names.length === 0 ? '-' : names.join(', ');
}

/** Only for a phase that does not simply follow the line above it. */
function followsNote({ after }: PlannedPhase, above: PlannedPhase | undefined): string {
  if (after.length === 0) return above === undefined ? '' : '  (at once)';
  return after.length === 1 && after[0] === above?.name ? '' : `  (after ${after.join(', ')})`;
}

/** Wraps a list at its commas; continued lines are indented. */
function wrapped(list: string, indent: number): string {
  const lines: string[] = [];
  for (const item of list.split(/(?<=, )/)) {
    const last = lines.at(-1);
    if (last !== undefined && indent + (last + item).trimEnd().length <= WIDTH) {
      lines[lines.length - 1] = last + item;
    } else {
      lines.push(item);
    }
  }
  return lines.map((line) => line.trimEnd()).join(`\n${' '.repeat(indent)}`);
}
