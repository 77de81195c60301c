import type { Notify } from '../notice.js';
import type { ShutdownReason } from '../plan/reason.js';
import { deadlineAfter, timeLeft } from '../plan/time-budget.js';
import { jsonToHtml } from './html/page.js';
import { reportFromJson } from '../report/read-report.js';
import { reportToJson, type ReportJson } from '../report/report-json.js';
import { reportSoFar, type ForcedEnd } from '../report/report-so-far.js';
import { shortReport } from '../report/short-report.js';
import type { RunningReport, ShutdownReport } from '../report/shutdown-report.js';
import type { Clock, Timer } from '../run/clock.js';
import type { AwaitedTask, ShutdownEvent } from '../run/events.js';
import { lastStop, reportUnreadable, sinkFailed } from './report-notices.js';
import { ReportListener } from './report-listener.js';
import type { FileForm, ReportSettings } from './report.options.js';
import type { ReportFiles, WholeFile } from './stored-file.js';

type Report = ShutdownReport | RunningReport;

/** The bytes that Kubernetes keeps of a termination message. */
const TERMINATION_BYTES = 4_096;

/**
 * While tasks run, the report is written at most every `INTERVAL` milliseconds, and with pauses of at least `SHARE`
 * times the duration of a write: writing must not slow down a run of thousands of tasks. Phases are written when they
 * begin and end.
 */
const INTERVAL = 250;
const SHARE = 20;

/** What the sinks read, and act through. */
export interface SinkPorts {
  readonly clock: Clock;
  readonly files: ReportFiles;
  readonly inKubernetes: boolean;
  readonly report: () => Report | undefined;
  readonly awaited: () => readonly AwaitedTask[];
  readonly notify: Notify;
  /** Calls back when the process exits. Returns a function that removes the listener. */
  readonly onExit: (listener: (code: number) => void) => () => void;
}

/**
 * Writes the report to the file and the termination log, and passes it to `onReport`, during the run and at its end.
 * Files are written synchronously. A failing sink is reported once and does not affect the shutdown.
 */
export class ReportSinks {
  readonly #file: WholeFile | undefined;
  readonly #listener: ReportListener;
  readonly #reported = new Set<string>();
  #timer: Timer | undefined;
  #nextAt = 0;
  #unlisten: () => void = () => undefined;

  constructor(
    private readonly settings: ReportSettings,
    private readonly ports: SinkPorts,
  ) {
    this.#file = settings.file && ports.files.open(settings.file.path);
    this.#listener = new ReportListener(settings.onReport, {
      clock: ports.clock,
      onError: (error) => this.#tell('report.onReport', error),
    });
  }

  /** Logs how the last shutdown ended, before its report is overwritten. */
  announceLastStop(): void {
    const { notify } = this.ports;
    if (this.#file === undefined) return;
    try {
      const text = this.#file.read();
      if (text !== undefined) notify(lastStop(reportFromJson(text)));
    } catch (error) {
      notify(reportUnreadable(this.#file.path, error));
    }
  }

  observe(event: ShutdownEvent): void {
    if (this.#file === undefined && this.settings.terminationLog === undefined && !this.#listener.isThere)
      return;
    switch (event.type) {
      case 'run-started':
        this.#unlisten = this.ports.onExit((code) => this.end({ kind: 'exit', code }));
        return this.#writeNow();
      case 'run-finished':
        this.#unlisten();
        return this.#deliver();
      case 'phase-started':
        this.#writeNow();
        return this.#writeIn(0);
      case 'phase-finished':
      case 'phase-skipped':
        return this.#writeIn(0);
      default:
        return this.#writeIn(timeLeft(this.#nextAt, this.ports.clock.now()));
    }
  }

  /**
   * Writes the last report before the process is forced to exit.
   *
   * @param reason why the process exits, if no run has begun
   */
  end(end: ForcedEnd, reason: ShutdownReason = { kind: 'close' }): void {
    this.#unlisten();
    this.#deliver(end, reason);
  }

  /** Resolves when `onReport` has ended or timed out. */
  settled(): Promise<void> {
    return this.#listener.settled();
  }

  /** The next handler may block the event loop, and no timer would fire any more. */
  #writeNow(): void {
    const report = this.#soFar();
    if (report !== undefined) this.#write(report);
  }

  /** Writes soon, so that events of the same moment share one write. */
  #writeIn(delayMs: number): void {
    const { clock } = this.ports;
    if (this.#timer !== undefined && delayMs > 0) return;
    this.#timer?.cancel();
    this.#timer = clock.schedule(() => {
      this.#timer = undefined;
      this.#writeNow();
    }, delayMs);
    // Nothing is lost if it never fires: the last report is written without a timer.
    this.#timer.unref();
  }

  #deliver(end?: ForcedEnd, reason?: ShutdownReason): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const report = this.#soFar(end, reason);
    if (report === undefined) return;
    this.#write(report);
    this.#listener.call(report);
  }

  #soFar(end?: ForcedEnd, reason?: ShutdownReason): Report | undefined {
    const { clock, report, awaited } = this.ports;
    const now = clock.now();
    const known = report() ?? (reason && notBegun(reason, now));
    if (known === undefined) return undefined;
    return reportSoFar(known, { now, awaited: awaited(), ...(end === undefined ? {} : { end }) });
  }

  #write(report: Report): void {
    const { clock } = this.ports;
    const startedAt = clock.now();
    this.#writeFiles(report);
    const endedAt = clock.now();
    this.#nextAt = deadlineAfter(endedAt, Math.max(INTERVAL, SHARE * (endedAt - startedAt)));
  }

  #writeFiles(report: Report): void {
    const { file, terminationLog, redact } = this.settings;
    const toJson = (): ReportJson => reportToJson(report, redact === undefined ? {} : { redact });
    if (file !== undefined) {
      this.#try('report.file', () => this.#file?.write(fileText(toJson(), file.form)));
    }
    if (terminationLog === undefined) return;
    this.#try('report.terminationLog', () => {
      const { path, where } = terminationLog;
      const text = shortReport(reportFromJson(toJson()), TERMINATION_BYTES);
      const isWritten = this.ports.files.writeInPlace(path, text, where === 'named' ? 'made' : 'left');
      // On other platforms the file is not expected to exist.
      if (!isWritten && this.ports.inKubernetes) throw new Error(`'${path}' does not exist`);
    });
  }

  #try(sink: string, write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#tell(sink, error);
    }
  }

  #tell(sink: string, error: unknown): void {
    if (this.#reported.has(sink)) return;
    this.#reported.add(sink);
    this.ports.notify(sinkFailed(sink, error));
  }
}

/** The report of a run that never began. */
function notBegun(reason: ShutdownReason, now: number): RunningReport {
  return { reason, joinedReasons: [], outcome: 'running', startedAt: now, durationMs: 0, phases: [] };
}

/** A page shows a report that is complete. What a killed process left is JSON: the command makes a page of it. */
function fileText(json: ReportJson, form: FileForm): string {
  const isComplete = json.outcome !== 'running' || json.endedBy !== undefined;
  return form === 'html' && isComplete ? jsonToHtml(json) : `${JSON.stringify(json, undefined, 2)}\n`;
}
