import type { OnModuleInit } from '@nestjs/common';
import type { Notice } from '../logging/notice.js';
import type { ShutdownReason } from '../plan/reason.js';
import { deadlineAfter, timeLeft } from '../plan/time-budget.js';
import type { jsonToHtml } from '../report/html/page.js';
import { reportFromJson } from '../report/read-report.js';
import { reportToJson, type ReportJson } from '../report/report-json.js';
import { reportSoFar, type ForcedEnd } from '../report/report-so-far.js';
import { shortReport } from '../report/short-report.js';
import type { RunningReport, ShutdownReport } from '../report/shutdown-report.js';
import type { Clock, Timer } from '../run/clock.js';
import type { AwaitedTask, ShutdownEvent } from '../run/events.js';
import { ReportListener } from './report-listener.js';
import type { FileForm, ReportSettings } from './report.options.js';
import type { ReportFiles, WholeFile } from './stored-file.js';

type Report = ShutdownReport | RunningReport;

/** What Kubernetes keeps of a termination message. */
const TERMINATION_BYTES = 4_096;

/**
 * Milliseconds between two writes of what tasks do, and how many times as long as a write took: thousands of tasks
 * must not be slowed down by what is written of them. Phases are written as they begin and end.
 */
const INTERVAL = 250;
const SHARE = 20;

/** What the sinks look at, and act through. */
export interface SinkPorts {
  readonly clock: Clock;
  readonly files: ReportFiles;
  readonly inKubernetes: boolean;
  readonly report: () => Report | undefined;
  readonly awaited: () => readonly AwaitedTask[];
  readonly notify: (notice: Notice) => void;
  /** Calls back when the process exits; the answer takes the listener off. */
  readonly onExit: (listener: (code: number) => void) => () => void;
}

/**
 * Takes the report to the file, the termination log and the function of the user, while the run goes on and at its
 * end. All files are written before a call returns. What fails is told once, and harms nothing.
 */
export class ReportSinks implements OnModuleInit {
  readonly #file: WholeFile | undefined;
  readonly #listener: ReportListener;
  readonly #told = new Set<string>();
  /** Loaded at boot where it is needed: at the end of a process there is no time to wait for it. */
  #toPage: typeof jsonToHtml | undefined;
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

  /** One line on how the last stop ended, before its report makes way for the next. */
  async onModuleInit(): Promise<void> {
    this.#tellLastStop();
    if (this.settings.file?.form === 'html') {
      this.#toPage = (await import('../report/html/page.js')).jsonToHtml;
    }
  }

  #tellLastStop(): void {
    const { notify } = this.ports;
    if (this.#file === undefined) return;
    try {
      const text = this.#file.read();
      if (text !== undefined) notify({ kind: 'last-stop', report: reportFromJson(text) });
    } catch (error) {
      notify({ kind: 'report-unreadable', file: this.#file.path, error });
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
   * The process is ended now, whatever still runs.
   *
   * @param reason why it was to end, where the run has not begun
   */
  end(end: ForcedEnd, reason: ShutdownReason = { kind: 'close' }): void {
    this.#unlisten();
    this.#deliver(end, reason);
  }

  /** Resolves when the function of the user has ended, or its time is over. */
  settled(): Promise<void> {
    return this.#listener.settled();
  }

  /** A handler that comes now may block the event loop, and no timer would write any more. */
  #writeNow(): void {
    const report = this.#soFar();
    if (report !== undefined) this.#write(report);
  }

  /** Writes soon: what happens in the same moment is written together. */
  #writeIn(delayMs: number): void {
    const { clock } = this.ports;
    if (this.#timer !== undefined && delayMs > 0) return;
    this.#timer?.cancel();
    this.#timer = clock.schedule(() => {
      this.#timer = undefined;
      this.#writeNow();
    }, delayMs);
    // The last report is not written by a timer, so nothing is lost with it.
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
      this.#try('report.file', () => {
        this.#file?.write(this.#textOf(toJson(), file.form));
      });
    }
    if (terminationLog === undefined) return;
    this.#try('report.terminationLog', () => {
      const { path, where } = terminationLog;
      const text = shortReport(reportFromJson(toJson()), TERMINATION_BYTES);
      const isWritten = this.ports.files.writeInPlace(path, text, where === 'named' ? 'made' : 'left');
      // Beside a platform that has none, nothing is missing.
      if (!isWritten && this.ports.inKubernetes) throw new Error(`there is no '${path}'`);
    });
  }

  /** A page is made of a report that is complete; a stored JSON becomes one by the command. */
  #textOf(json: ReportJson, form: FileForm): string {
    const isComplete = json.outcome !== 'running' || json.endedBy !== undefined;
    if (form === 'html' && isComplete && this.#toPage !== undefined) return this.#toPage(json);
    return `${JSON.stringify(json, undefined, 2)}\n`;
  }

  #try(sink: string, write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#tell(sink, error);
    }
  }

  #tell(sink: string, error: unknown): void {
    if (this.#told.has(sink)) return;
    this.#told.add(sink);
    this.ports.notify({ kind: 'sink-failed', sink, error });
  }
}

/** The report of a run that the process does not live to see. */
function notBegun(reason: ShutdownReason, now: number): RunningReport {
  return { reason, joinedReasons: [], outcome: 'running', startedAt: now, durationMs: 0, phases: [] };
}
