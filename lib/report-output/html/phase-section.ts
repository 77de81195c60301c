import { html, type Markup } from './markup.js';
import type { Picture } from './scale.js';
import { lengthText, matters, skipText, taskRow } from './task-row.js';
import type { PhaseReport, TaskReport } from '../../report/shutdown-report.js';

/** The most tasks that a phase shows. Further completed tasks are collapsed. */
const SHOWN_TASKS = 40;

/** A phase with its bar, and below it its tasks. */
export function phaseSection(phase: PhaseReport, picture: Picture): Markup {
  const { name, mode, outcome, startMs, durationMs, tasks } = phase;
  const { scale } = picture;
  const started = outcome !== 'skipped' && outcome !== 'waiting';
  const style = `left:${scale.percent(startMs)}%;width:${scale.percent(durationMs)}%`;
  return html`<section class="phase is-${outcome}">
    <div class="head">
      <h3 class="name"><bdi>${name}</bdi> <small>${mode}</small></h3>
      <span class="track" aria-hidden="true">${started && html`<i class="bar" style="${style}"></i>`}</span>
      <span class="ms">${started ? lengthText(durationMs) : ''}</span>
      <span class="badge">${outcomeText(phase)}</span>
    </div>
    ${note(phase)}${tasks.length > 0 && taskList(tasks, picture)}
  </section> `;
}

function outcomeText({ outcome }: PhaseReport): string {
  return outcome === 'waiting' ? 'not reached' : outcome;
}

function note({ outcome, skippedBecause, tasks }: PhaseReport): Markup | undefined {
  if (outcome === 'skipped') {
    return html`<p class="note">
      Skipped with ${tasks.length} ${tasks.length === 1 ? 'task' : 'tasks'}: ${skipText(skippedBecause)}.
    </p>`;
  }
  if (tasks.length > 0 || outcome === 'waiting') return undefined;
  return html`<p class="note">No tasks.</p>`;
}

function taskList(tasks: readonly TaskReport[], picture: Picture): Markup {
  const shown = choose(tasks);
  const rest = tasks.filter((task) => !shown.has(task));
  return html`<ol class="tasks">
      ${tasks.filter((task) => shown.has(task)).map((task) => taskRow(task, picture))}
    </ol>
    ${
      rest.length > 0 &&
      html`<details class="rest">
        <summary>${rest.length} more, each ${lengthText(longest(rest))} or less</summary>
        <ol class="tasks">
          ${rest.map((task) => taskRow(task, picture))}
        </ol>
      </details>`
    }`;
}

/** If there are many: the tasks that matter, then the longest of the others. */
function choose(tasks: readonly TaskReport[]): ReadonlySet<TaskReport> {
  if (tasks.length <= SHOWN_TASKS) return new Set(tasks);
  const first = tasks.filter(matters);
  const others = tasks.filter((task) => !matters(task)).toSorted((a, b) => b.durationMs - a.durationMs);
  return new Set([...first, ...others.slice(0, Math.max(0, SHOWN_TASKS - first.length))]);
}

function longest(tasks: readonly TaskReport[]): number {
  return tasks.reduce((most, { durationMs }) => Math.max(most, durationMs), 0);
}
