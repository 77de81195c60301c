import { duration } from '../plan/time-budget.js';
import { milliseconds, pathSum, planText } from '../plan/plan-text.js';
import { errorText, reasonText, stackText } from '../plan/reason-text.js';
import { thrownText } from '../plan/thrown.js';
import type { InFlightItem } from '../plan/task.js';
import { instant } from '../report/instant.js';
import type { RunningReport, ShutdownReport } from '../report/shutdown-report.js';
import { timeline } from '../report/timeline.js';
import { abandonedTasks, verdictOf, verdictText } from '../report/verdict.js';
import type { AwaitedTask, ShutdownEvent } from '../run/events.js';
import { FINDING_KINDS, type Finding, type Notice } from './notice.js';

/** Milliseconds in which what begins or ends is not worth a line yet, also on a busy machine. */
const MOMENT = 100;

/** A line for the log. */
export interface Sentence {
  readonly level: 'log' | 'warn' | 'error';
  readonly text: string;
  /** Given to the logger beside the text of an error. */
  readonly stack?: string;
}

/** The lines of a sentence for where there is no logger. */
export function linesOf({ text, stack }: Sentence): readonly string[] {
  return [`[GracefulShutdown] ${text}`, ...(stack === undefined ? [] : [stack])];
}

/** What the log says of something that could not be put into words. */
export function unworded(kind: string, thrown: unknown): Sentence {
  return error(`'${kind}' happened, and could not be put into words: ${errorText(thrown)}`);
}

/** What the log says of an event; most events say nothing, the timeline at the end has them. */
export function sentenceOf(event: ShutdownEvent): Sentence | undefined {
  switch (event.type) {
    case 'run-started':
      return log(`Shutting down: ${reasonText(event.reason)}.`);
    case 'run-joined':
      return log(`Already shutting down; also asked by: ${reasonText(event.reason)}.`);
    case 'run-progress':
      return progressSentence(event);
    case 'task-finished':
      return event.outcome === 'failed'
        ? error(
            `'${event.task}' in the phase '${event.phase}' failed: ${errorText(event.error)}`,
            event.error,
          )
        : undefined;
    case 'task-settled-late':
      return warn(
        `'${event.task}' ${event.outcome} ${milliseconds(event.lateMs)} after its time was over${event.error ? `: ${errorText(event.error)}` : '.'}`,
      );
    case 'phase-skipped':
      return event.cause === 'before-from' || event.taskCount === 0
        ? undefined
        : warn(
            `The phase '${event.phase}' was skipped with ${count(event.taskCount, 'task')}: ${skipText(event.cause)}.`,
          );
    default:
      return undefined;
  }
}

/** What the log says of a notice. */
export function noticeSentence(notice: Notice): Sentence {
  if (isFinding(notice))
    return warn(`${findingText(notice)} Silence this with doctor: { ignore: ['${notice.kind}'] }.`);
  switch (notice.kind) {
    case 'planned':
      return log(`The shutdown plan:\n${planText(notice.plan)}`);
    case 'order-doubted': {
      const { task, injected } = notice.doubt;
      return warn(
        `'${task.name}' runs when '${injected.name}' has already ended, though its provider injects that one's. Move one of them to another phase; if the order is meant, say so with after: ['${injected.name}'] on '${task.name}'.`,
      );
    }
    case 'runs-late':
      return warn(
        'The phases run late: the onModuleDestroy hooks of other providers have run already. Call enableGracefulShutdown(app) after the application is created.',
      );
    case 'plan-refused':
      return error(
        `The handlers could not be planned and do not run. ${thrownText(notice.error)}`,
        notice.error,
      );
    case 'listener-failed':
      return error(
        `A listener of the shutdown's events threw; the shutdown goes on: ${errorText(notice.error)}`,
        notice.error,
      );
    case 'seam-missing':
      return warn(
        `This version of Nest has no ${notice.members.join(', ')}, so some ways to close the application may run the phases late.`,
      );
    case 'not-drained':
      return warn(`${notice.what} is not drained: ${notice.why}.`);
    case 'jobs-given-back':
      return warn(`The worker of '${notice.queue}' was closed by force. ${givenBackText(notice)}`);
    case 'second-copy':
      return warn(
        'Two copies of nestjs-phased-shutdown are loaded in this process. Let `npm ls nestjs-phased-shutdown` find them, and keep one.',
      );
    case 'boot-awaited':
      return log(
        `Asked to shut down while still starting (${reasonText(notice.reason)}): waiting for the start to end.`,
      );
    case 'boot-given-up':
      return warn(
        `The start did not end within ${milliseconds(notice.waitedMs)}; shutting down what has started.`,
      );
    case 'teardown-failed':
      return error(`Nest could not close the application: ${errorText(notice.error)}`, notice.error);
    case 'reported':
      return reportSentence(notice.report);
    case 'last-stop':
      return lastStopSentence(notice.report);
    case 'report-unreadable':
      return warn(
        `'${notice.file}' holds no report of the last stop; the next shutdown will replace it. ${errorText(notice.error)}`,
      );
    case 'sink-failed':
      return warn(
        `The report could not be given to ${notice.sink}; nothing else is harmed: ${errorText(notice.error)}`,
      );
    case 'probes-listen':
      return log(`Probes listen on ${notice.url} (${notice.paths.join(', ')}).`);
    case 'probes-failed':
      return warn(`The port of the probes could not be opened again: ${errorText(notice.error)}`);
    case 'hold-failed':
      return error(
        `The readiness hold '${notice.hold}' failed, so the app never becomes ready and shuts down: ${errorText(notice.error)}`,
        notice.error,
      );
    case 'waits-for-itself':
      return warn(
        `'${notice.task}' asks for ${notice.call} during the shutdown that it is part of. Awaiting it there would wait for itself: remove it.`,
      );
    case 'escalated':
      return error(
        `${notice.signal} again after ${seconds(notice.afterMs)}: ending now. ${abandonedText(notice.abandoned)}`,
      );
    case 'deadline-passed':
      return error(
        `The grace period is nearly over after ${seconds(notice.afterMs)}: ending now. ${abandonedText(notice.abandoned)}${openText(notice.leftovers)}`,
      );
    case 'fatal-error':
      return error(
        `${notice.origin === 'uncaughtException' ? 'Uncaught exception' : 'Unhandled rejection'}${notice.second ? ' while shutting down after another one: ending now' : ''}: ${errorText(notice.error)}`,
        notice.error,
      );
    case 'kept-alive':
      return error(
        `The shutdown ended ${seconds(notice.afterMs)} ago, but the process is kept alive by ${notice.leftovers.join('; ') || 'something that Node does not name'}: ending it now.`,
      );
    case 'cut-short':
      return error(
        `The process exits with code ${notice.code} before it has shut down${notice.caller === undefined ? '' : `, called at ${notice.caller}`}. ${abandonedText(notice.abandoned)}`,
      );
  }
}

/** What is wrong, and what to do about it. */
function findingText(finding: Finding): string {
  switch (finding.kind) {
    case 'does-not-fit':
      return `The shutdown plan may take longer than the grace period: ${pathSum(finding.plan.longestPath)}, and ${milliseconds(finding.reserve)} for the end of the process, of ${milliseconds(finding.gracePeriod)}. Shorten a phase, or raise gracePeriod together with what the platform grants.`;
    case 'drain-opposed':
      return `The application was created with ${finding.options.join(' and ')}, which works against the drain: forceCloseConnections cuts what the drain lets finish, return503OnClosing refuses what it still serves. The drain now comes first, so they have nothing left to do: leave them out. Late requests are refused with http: { late: 'reject' }.`;
    case 'pid-1':
      return 'This is process 1 of its container: child processes that outlive their parents are never reaped, and a signal that nobody listens to is ignored instead of ending it. Start it below an init, such as tini or `docker run --init`.';
    case 'signals-kept':
      return `Process 1 of the container is \`${finding.command}\`, which does not hand signals on: the platform's SIGTERM may never arrive here. Start node itself, in the exec form: CMD ["node", "dist/main.js"].`;
    case 'other-listeners':
      return `Something else listens to ${finding.signals.join(' and ')} as well, and may end the process while the phases run. Let it take part with @OnShutdown() instead, and leave the signals to enableGracefulShutdown(app).`;
    case 'hooks-beside':
      return 'app.enableShutdownHooks() is called beside enableGracefulShutdown(app), which takes its place: leave it out. The signals that start the shutdown are the option `signals`.';
    case 'no-ack':
      return `${finding.consumer} consumes with noAck: true, so RabbitMQ forgets each message as it is delivered: one that a deadline or a crash cuts off is lost. Use noAck: false, and acknowledge at the end of the handler.`;
    case 'destroyed-early':
      return `${finding.provider} has an onModuleDestroy, which runs before the phases with runAt: 'before-application-shutdown', and ${finding.handler} still needs it. Close it with @OnShutdown(), or leave runAt at its default.`;
    case 'closed-before-hook':
      return `${finding.hook} runs after the phases, when ${finding.handler} has already closed what it injects. Let it be an @OnShutdown() handler in an earlier phase; if it needs nothing of that any more, all is well.`;
    case 'terminus-delay':
      return `TerminusModule has gracefulShutdownTimeoutMs: ${finding.timeoutMs}, which waits ${milliseconds(finding.timeoutMs)} more after the phases, when nothing is served. Remove it from TerminusModule.forRoot(), and set shutdownDelay: ${finding.timeoutMs} in GracefulShutdownModule.forRoot().`;
    case 'signals-unheard':
      return `The application listens, but nobody listens to ${finding.signals.join(' or ')}: it would end the process at once, and no phase would run. Call enableGracefulShutdown(app) after the application is created.`;
  }
}

function isFinding(notice: Notice): notice is Finding {
  return FINDING_KINDS.some((kind) => kind === notice.kind);
}

function reportSentence(report: ShutdownReport): Sentence {
  const { outcome, durationMs } = report;
  const text = `Shut down in ${milliseconds(durationMs)}: ${outcome}.`;
  const picture = pictureOf(report);
  const level = outcome === 'completed' ? 'log' : 'warn';
  return { level, text: picture === '' ? text : `${text}\n${picture}` };
}

/** How a shutdown ended is logged in any case, also where its picture cannot be drawn. */
function pictureOf(report: ShutdownReport): string {
  try {
    return timeline(report);
  } catch (thrown) {
    return `(no timeline: ${errorText(thrown)})`;
  }
}

function lastStopSentence(report: ShutdownReport | RunningReport): Sentence {
  const when = instant(report.startedAt)?.text ?? '';
  const left = abandonedTasks(report).map(({ name }) => name);
  const abandoned = left.length === 0 ? '' : ` Abandoned: ${left.join(', ')}.`;
  const text = `The last stop on record (${[reasonText(report.reason), when].join(' ').trim()}): ${verdictText(report)}.${abandoned}`;
  return verdictOf(report) === 'completed' ? log(text) : warn(text);
}

/** Nothing is said while all that is awaited waits on purpose, or has only begun. */
function progressSentence({
  elapsedMs,
  awaited,
}: Extract<ShutdownEvent, { type: 'run-progress' }>): Sentence | undefined {
  if (awaited.length === 0) return warn(`Still shutting down after ${seconds(elapsedMs)}.`);
  const named = awaited.filter((task) => !isExpected(task));
  if (!named.some((task) => task.elapsedMs >= MOMENT)) return undefined;
  return warn(`After ${seconds(elapsedMs)} still waiting for ${named.map(awaitedText).join('; ')}.`);
}

function isExpected({ elapsedMs, expectedMs = 0 }: AwaitedTask): boolean {
  return expectedMs > 0 && elapsedMs < expectedMs + MOMENT;
}

function awaitedText({ phase, task, elapsedMs, allowedMs, inFlight = [] }: AwaitedTask): string {
  const items = inFlight.length === 0 ? '' : ` (${itemsText(inFlight)})`;
  return `'${task}' in '${phase}', ${seconds(elapsedMs)} of ${seconds(allowedMs)}${items}`;
}

function itemsText(items: readonly InFlightItem[]): string {
  const named = items.slice(0, 3).map(({ name, ageMs }) => `${name} ${seconds(ageMs)}`);
  if (items.length > named.length) named.push(`${items.length - named.length} more`);
  return named.join(', ');
}

function givenBackText({ jobs, kept }: Extract<Notice, { kind: 'jobs-given-back' }>): string {
  const sentences = kept.map(
    ({ item, error: why }) =>
      `Not given back: ${itemsText([item])}, which runs again when its lock has expired (${errorText(why)})`,
  );
  if (jobs.length > 0) sentences.unshift(`Given back to the queue: ${itemsText(jobs)}`);
  return `${sentences.join('. ') || 'Its jobs ended meanwhile'}.`;
}

function abandonedText(abandoned: readonly string[]): string {
  return abandoned.length === 0
    ? 'No task was running: what did not end was a hook of Nest, or the closing of a server.'
    : `Abandoned: ${abandoned.join(', ')}.`;
}

/** What keeps a server from closing, such as a socket of nobody. */
function openText(leftovers: readonly string[] = []): string {
  return leftovers.length === 0 ? '' : ` Still open: ${leftovers.join('; ')}.`;
}

function skipText(cause: Extract<ShutdownEvent, { type: 'phase-skipped' }>['cause']): string {
  switch (cause) {
    case 'disabled':
      return 'it is disabled';
    case 'aborted':
      return "a phase before it did not complete, and says onFailure: 'abort'";
    case 'before-from':
      return 'the run started from a later phase';
    case 'phase-timeout':
    case 'deadline':
      return 'no time was left';
  }
}

function seconds(ms: number): string {
  return `${(duration(ms) / 1_000).toFixed(1)} s`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function log(text: string): Sentence {
  return { level: 'log', text };
}

function warn(text: string): Sentence {
  return { level: 'warn', text };
}

function error(text: string, thrown?: unknown): Sentence {
  const stack = thrown === undefined ? undefined : stackText(thrown);
  return stack === undefined ? { level: 'error', text } : { level: 'error', text, stack };
}
