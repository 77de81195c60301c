import { failure, information, warning, type Notice } from '../notice.js';
import { inFlightText } from '../plan/in-flight-text.js';
import { milliseconds, planText, seconds } from '../plan/plan-text.js';
import { errorText, reasonText } from '../plan/reason-text.js';
import type { ShutdownPlan } from '../plan/shutdown-plan.js';
import type { ShutdownReport } from '../report/shutdown-report.js';
import { timeline } from '../report/timeline.js';
import type { AwaitedTask, ShutdownEvent } from '../run/events.js';

/** Milliseconds that a task or a delay may take without a line of its own, also on a busy machine. */
const MOMENT = 100;

/** What the log says of an event. Most events stay silent: the timeline at the end has them. */
export function eventNotice(event: ShutdownEvent): Notice | undefined {
  switch (event.type) {
    case 'run-started':
      return information(event.type, `Shutting down: ${reasonText(event.reason)}.`);
    case 'run-joined':
      return information(event.type, `Already shutting down; also asked by: ${reasonText(event.reason)}.`);
    case 'run-progress':
      return progressNotice(event);
    case 'task-finished':
      return event.outcome === 'failed'
        ? failure(
            event.type,
            `'${event.task}' in phase '${event.phase}' failed: ${errorText(event.error)}`,
            event.error,
          )
        : undefined;
    case 'task-settled-late':
      return warning(
        event.type,
        `'${event.task}' ${event.outcome} ${milliseconds(event.lateMs)} after its timeout${event.error ? `: ${errorText(event.error)}` : '.'}`,
      );
    case 'phase-skipped':
      return event.cause === 'before-from' || event.taskCount === 0
        ? undefined
        : warning(
            event.type,
            `The phase '${event.phase}' was skipped with ${count(event.taskCount, 'task')}: ${skipText(event.cause)}.`,
          );
    default:
      return undefined;
  }
}

/** The plan, as it is logged at boot. */
export function planNotice(plan: ShutdownPlan): Notice {
  return information('planned', `The shutdown plan:\n${planText(plan)}`);
}

/** How the shutdown went, with its timeline. */
export function reportNotice(report: ShutdownReport): Notice {
  const { outcome, durationMs } = report;
  const text = `Shut down in ${milliseconds(durationMs)}: ${outcome}.`;
  const picture = pictureOf(report);
  const made = picture === '' ? text : `${text}\n${picture}`;
  return outcome === 'completed' ? information('reported', made) : warning('reported', made);
}

/** The outcome is logged even if the timeline cannot be drawn. */
function pictureOf(report: ShutdownReport): string {
  try {
    return timeline(report);
  } catch (thrown) {
    return `(no timeline: ${errorText(thrown)})`;
  }
}

/** Silent while everything that is awaited waits on purpose, or has only begun. */
function progressNotice({
  type,
  elapsedMs,
  awaited,
}: Extract<ShutdownEvent, { type: 'run-progress' }>): Notice | undefined {
  if (awaited.length === 0) return warning(type, `Still shutting down after ${seconds(elapsedMs)}.`);
  const named = awaited.filter((task) => !isExpected(task));
  if (!named.some((task) => task.elapsedMs >= MOMENT)) return undefined;
  return warning(type, `After ${seconds(elapsedMs)} still waiting for ${named.map(awaitedText).join('; ')}.`);
}

function isExpected({ elapsedMs, expectedMs = 0 }: AwaitedTask): boolean {
  return expectedMs > 0 && elapsedMs < expectedMs + MOMENT;
}

function awaitedText({ phase, task, elapsedMs, allowedMs, inFlight = [] }: AwaitedTask): string {
  const items = inFlight.length === 0 ? '' : ` (${inFlightText(inFlight)})`;
  return `'${task}' in '${phase}', ${seconds(elapsedMs)} of ${seconds(allowedMs)}${items}`;
}

function skipText(cause: Extract<ShutdownEvent, { type: 'phase-skipped' }>['cause']): string {
  switch (cause) {
    case 'disabled':
      return 'it is disabled';
    case 'aborted':
      return "an earlier phase with onFailure: 'abort' did not complete";
    case 'before-from':
      return 'the run started from a later phase';
    case 'phase-timeout':
    case 'deadline':
      return 'no time was left';
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
