import { milliseconds } from '../../plan/plan-text.js';
import type { SkipCause } from '../../run/events.js';
import { errorDetails } from './error-details.js';
import { html, type Markup } from './markup.js';
import type { Picture, Scale } from './scale.js';
import type { TaskReport } from '../../report/shutdown-report.js';

/** The most pieces of work that a task lists. */
const SHOWN_ITEMS = 100;

/** Milliseconds below which a time is shown with tenths. */
const FINE_BELOW = 10;

/** A task: a line with its bar, which expands to its details. */
export function taskRow(task: TaskReport, { scale, idOf }: Picture): Markup {
  return html`<li>
    <details class="task ${kindOf(task)}${matters(task) ? ' matters' : ''}">
      <summary>
        <span class="name"><bdi>${task.name}</bdi></span>
        ${bar(task, scale)}
        <span class="ms">${task.outcome === 'skipped' ? '' : lengthText(task.durationMs)}</span>
        <span class="badge">${outcomeText(task)}</span>
      </summary>
      <div class="body" id="${idOf(task)}">
        ${facts(task)}${inFlight(task)}${task.error && errorDetails(task.error)}
      </div>
    </details>
  </li> `;
}

/** Milliseconds, with tenths for short times, and without line breaks. */
export function lengthText(ms: number): string {
  const text = ms > 0 && ms < FINE_BELOW ? `${Math.round(ms * 10) / 10} ms` : milliseconds(ms);
  return text.replaceAll(' ', '\u00a0');
}

/** Whether a task did anything but complete in time. */
export function matters({ outcome, abandoned, settledLateMs }: TaskReport): boolean {
  return (
    ['failed', 'timed-out', 'running'].includes(outcome) || abandoned === true || settledLateMs !== undefined
  );
}

export function skipText(cause: SkipCause | undefined): string {
  switch (cause) {
    case 'disabled':
      return 'its phase is disabled';
    case 'aborted':
      return "an earlier phase with onFailure: 'abort' did not complete";
    case 'before-from':
      return 'the run started from a later phase';
    case 'phase-timeout':
      return 'its phase timed out before it could start';
    case 'deadline':
      return 'the deadline of the shutdown had passed';
    case undefined:
      return 'unknown reason';
  }
}

function kindOf({ outcome, abandoned }: TaskReport): string {
  return outcome === 'running' && abandoned ? 'is-timed-out' : `is-${outcome}`;
}

function outcomeText({ outcome, abandoned, settledLateMs }: TaskReport): string {
  if (settledLateMs !== undefined) return `${outcome}, late`;
  if (abandoned) return outcome === 'running' ? 'abandoned' : `${outcome}, abandoned`;
  return outcome;
}

function bar({ startMs, durationMs, outcome, settledLateMs = 0 }: TaskReport, scale: Scale): Markup {
  const left = scale.percent(startMs);
  const width = scale.percent(durationMs);
  const late =
    settledLateMs > 0 &&
    html`<i class="late" style="left:${left + width}%;width:${scale.percent(settledLateMs)}%"></i>`;
  return html`<span class="track" aria-hidden="true"
    >${outcome !== 'skipped' && html`<i class="bar" style="left:${left}%;width:${width}%"></i>`}${late}</span
  >`;
}

function facts(task: TaskReport): Markup {
  const { startMs, durationMs, outcome, abandoned, settledLateMs, skippedBecause } = task;
  const end = outcome === 'running' ? undefined : startMs + durationMs;
  return html`<p>
    ${
      outcome === 'skipped'
        ? html`Did not start: ${skipText(skippedBecause)}.`
        : html`Started ${lengthText(startMs)} after the shutdown began,
          ${
            end === undefined
              ? html`still running ${lengthText(durationMs)} later.`
              : html`ended at ${lengthText(end)}.`
          }`
    }
    ${abandoned && html`<strong>Abandoned:</strong> it was still running when ${end === undefined ? 'the process was ended' : 'it timed out'}.`}
    ${settledLateMs !== undefined && html`Settled ${lengthText(settledLateMs)} after its timeout.`}
  </p>`;
}

function inFlight({ inFlight: items = [] }: TaskReport): Markup | undefined {
  if (items.length === 0) return undefined;
  const rest = items.length - SHOWN_ITEMS;
  return html`<h4>In flight: ${items.length}</h4>
    <ul class="items">
      ${items
        .slice(0, SHOWN_ITEMS)
        .map(
          ({ name, ageMs }) =>
            html`<li><bdi>${name}</bdi> <span class="ms">${lengthText(ageMs)}</span></li> `,
        )}
      ${rest > 0 && html`<li>and ${rest} more</li>`}
    </ul>`;
}
