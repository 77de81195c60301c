import { milliseconds } from '../plan/plan-text.js';
import type { PhaseDescription, PlanDescription } from './plan-description.js';

/** The plan as a Mermaid diagram: a box per phase with its tasks, and arrows in start order. */
export function planMermaid({ phases, longestPath }: PlanDescription): string {
  const idOf = new Map(phases.map((phase, index) => [phase.name, `p${index}`]));
  const slowest = new Set(longestPath.phases);
  const lines = phases.flatMap((phase) => box(phase, idOf.get(phase.name) ?? ''));
  const arrows = phases.flatMap(({ name, after }) =>
    after.map(
      (earlier) =>
        `  ${idOf.get(earlier)} ${slowest.has(name) && slowest.has(earlier) ? '==>' : '-->'} ${idOf.get(name)}`,
    ),
  );
  return [
    'flowchart TD',
    ...lines,
    ...arrows,
    `  %% at most ${milliseconds(longestPath.ms)}, along the thick arrows`,
  ].join('\n');
}

function box({ name, mode, timeoutMs, enabled, tasks }: PhaseDescription, id: string): readonly string[] {
  const title = `${name}, ${milliseconds(timeoutMs)}, ${enabled ? mode : 'disabled'}`;
  const taskId = new Map(tasks.map((task, index) => [task.name, `${id}t${index}`]));
  const nodes = tasks.map((task) => `    ${taskId.get(task.name)}["${escaped(task.name)}"]`);
  const arrows = tasks.flatMap((task) =>
    task.waitsFor.map((earlier) => `    ${taskId.get(earlier)} --> ${taskId.get(task.name)}`),
  );
  // Mermaid does not draw an empty box.
  const inside = nodes.length === 0 ? [`    ${id}t0["(nothing)"]`] : nodes;
  return [`  subgraph ${id}["${escaped(title)}"]`, ...inside, ...arrows, '  end'];
}

/** Inside quotes, Mermaid decodes entities and reads a backquote as the start of Markdown. */
function escaped(text: string): string {
  return text
    .replaceAll('#', '#35;')
    .replaceAll('"', '#quot;')
    .replaceAll('`', '#96;')
    .replaceAll('<', '#lt;');
}
