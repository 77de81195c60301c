import { reasonText } from '../../plan/reason-text.js';
import { thrownText } from '../../plan/thrown.js';
import { instant } from '../../report/instant.js';
import { abandonedTasks, endText, isRunning, verdictOf, type Verdict } from '../../report/verdict.js';
import type { RunningReport, ShutdownReport, TaskReport } from '../../report/shutdown-report.js';
import { html, type Markup } from './markup.js';
import type { Picture } from './scale.js';
import { lengthText, matters } from './task-row.js';

/** The most tasks that the summary lists. */
const NAMED = 8;

const TITLES: Readonly<Record<Verdict, string>> = {
  completed: 'Shut down cleanly',
  failed: 'Shut down with failures',
  'timed-out': 'Shut down with timeouts',
  forced: 'Cut short',
  unfinished: 'Unfinished',
};

/** A tick, a cross, an hourglass, a bolt, an ellipsis. */
const ICONS: Readonly<Record<Verdict, string>> = {
  completed: 'M5 12.5l4.5 4.5L19 7.5',
  failed: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  'timed-out': 'M7 4.5h10M7 19.5h10M8 4.5c0 6 8 9 8 15M16 4.5c0 6-8 9-8 15',
  forced: 'M13 3.5L6 13.5h5.5L11 20.5l7-10h-5.5z',
  unfinished: 'M5.5 12h.01M12 12h.01M18.5 12h.01',
};

export function titleOf(report: ShutdownReport | RunningReport): string {
  return TITLES[verdictOf(report)];
}

/** The verdict, the reason, the time, the figures, and the tasks to look at. */
export function summary(report: ShutdownReport | RunningReport, picture: Picture): Markup {
  const verdict = verdictOf(report);
  return html`<header class="is-${verdict}">
      <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[verdict]}" /></svg>
      <div>
        <h1>${TITLES[verdict]} <span class="nowrap">${took(report)}</span></h1>
        <p class="why">${because(report)}</p>
        ${remarks(report).map((each) => html`<p class="remark">${each}</p>`)}
      </div>
    </header>
    ${figures(report)}${troubles(report, picture)}`;
}

function took({ durationMs, endedBy, outcome }: ShutdownReport | RunningReport): string {
  const ms = outcome === 'running' ? (endedBy?.atMs ?? durationMs) : durationMs;
  return `${outcome === 'running' ? 'after' : 'in'} ${lengthText(ms)}`;
}

function because({ reason, startedAt }: ShutdownReport | RunningReport): Markup {
  const when = instant(startedAt);
  return html`<b><bdi>${reasonText(reason)}</bdi></b
    >${when !== undefined && html` <time datetime="${when.iso}">${when.text}</time>`}`;
}

function remarks(report: ShutdownReport | RunningReport): readonly string[] {
  const { endedBy, joinedReasons, outcome } = report;
  const running = report.phases.filter(isRunning).map(({ name }) => `'${name}'`);
  const where = `in phase${running.length === 1 ? '' : 's'} ${running.join(' and ')}`;
  return [
    ...(endedBy === undefined
      ? []
      : [
          `The process was ended before it could exit on its own${running.length > 0 ? `, ${where}` : ''}: ${endText(endedBy)}.`,
        ]),
    ...(outcome === 'running' && endedBy === undefined && running.length > 0
      ? [
          `The shutdown was ${where} when this report was written. If the process is gone, it was killed there.`,
        ]
      : []),
    ...(joinedReasons.length > 0 ? [`Also triggered by: ${joinedReasons.map(reasonText).join('; ')}.`] : []),
  ];
}

function figures(report: ShutdownReport | RunningReport): Markup {
  const tasks = report.phases.flatMap((phase) => phase.tasks);
  const count = (outcome: TaskReport['outcome']): number =>
    tasks.filter((task) => task.outcome === outcome).length;
  const slowest = tasks.reduce<TaskReport | undefined>(
    (most, task) => (most === undefined || task.durationMs > most.durationMs ? task : most),
    undefined,
  );
  const figure = (term: string, value: string | number): Markup =>
    html`<div>
      <dt>${term}</dt>
      <dd>${value}</dd>
    </div>`;
  const notable = [
    ['failed', count('failed')],
    ['timed out', count('timed-out')],
    ['abandoned', abandonedTasks(report).length],
    ['skipped', count('skipped')],
  ] as const;
  return html`<dl class="figures">
    ${figure('tasks', tasks.length)}
    ${notable.filter(([, number]) => number > 0).map(([term, number]) => figure(term, number))}
    ${
      slowest !== undefined &&
      slowest.durationMs > 0 &&
      html`<div class="wide">
        <dt>longest task</dt>
        <dd><bdi>${slowest.name}</bdi> <small>${lengthText(slowest.durationMs)}</small></dd>
      </div>`
    }
  </dl>`;
}

function troubles({ phases }: ShutdownReport | RunningReport, { idOf }: Picture): Markup | undefined {
  const found = phases.flatMap(({ name, tasks }) =>
    tasks.filter(matters).map((task) => ({ phase: name, task })),
  );
  if (found.length === 0) return undefined;
  const rest = found.length - NAMED;
  return html`<section class="troubles">
    <h2>What to look at</h2>
    <ul>
      ${found.slice(0, NAMED).map(
        ({ phase, task }) =>
          html`<li>
            <a href="#${idOf(task)}"><bdi>${task.name}</bdi></a> in <bdi>${phase}</bdi>: ${troubleText(task)}
          </li> `,
      )}
      ${rest > 0 && html`<li>and ${rest} more</li>`}
    </ul>
  </section>`;
}

function troubleText({
  outcome,
  error,
  abandoned,
  durationMs,
  settledLateMs,
  inFlight = [],
}: TaskReport): string {
  const work = inFlight.length === 0 ? '' : `, with ${inFlight.length} in flight`;
  if (outcome === 'failed') return `failed: ${error === undefined ? 'unknown error' : thrownText(error)}`;
  if (settledLateMs !== undefined)
    return `timed out after ${lengthText(durationMs)}, settled ${lengthText(settledLateMs)} later${work}`;
  if (outcome === 'running')
    return `${abandoned ? 'abandoned' : 'still running'} after ${lengthText(durationMs)}${work}`;
  return `timed out after ${lengthText(durationMs)}${abandoned ? ' and was abandoned' : ''}${work}`;
}
