import { Logger, type LoggerService } from '@nestjs/common';
import { failure, type Notice, type Notify } from '../notice.js';
import { errorText, stackText } from '../plan/reason-text.js';
import type { ShutdownPlan } from '../plan/shutdown-plan.js';
import type { ShutdownReport } from '../report/shutdown-report.js';
import type { ShutdownEvent } from '../run/events.js';
import { callForeign } from '../run/foreign-call.js';
import { eventNotice, planNotice, reportNotice } from './sentences.js';

/** Takes the events of a run, and notices, to a logger of Nest's kind. */
export class ShutdownLog {
  readonly #logger: LoggerService | false;

  /**
   * @param place where the lines go; `undefined` is Nest's Logger, `false` is nowhere
   * @param silenced the codes of notices that are not logged
   * @param instead takes a notice that the logger did not: it threw, or its promise rejected
   */
  constructor(
    readonly place: LoggerService | false | undefined,
    private readonly silenced: readonly string[] = [],
    private readonly instead: Notify = () => undefined,
  ) {
    this.#logger = place ?? new Logger('GracefulShutdown');
  }

  event(event: ShutdownEvent): void {
    this.#worded(event.type, () => eventNotice(event));
  }

  planned(plan: ShutdownPlan): void {
    this.#worded('planned', () => planNotice(plan));
  }

  reported(report: ShutdownReport): void {
    this.#worded('reported', () => reportNotice(report));
  }

  /** A logger that fails, at once or later, must not harm the shutdown. */
  notice(notice: Notice): void {
    const logger = this.#logger;
    if (logger === false || this.silenced.includes(notice.code)) return;
    const { level, text, error } = notice;
    const stack = error === undefined ? undefined : stackText(error);
    callForeign(
      () => (stack === undefined ? logger[level](text) : logger[level](text, stack)),
      () => this.instead(notice),
    );
  }

  /** What cannot be put into words must not harm the shutdown either. Without a logger nothing is worded. */
  #worded(what: string, word: () => Notice | undefined): void {
    if (this.#logger === false) return;
    let notice: Notice | undefined;
    try {
      notice = word();
    } catch (error) {
      notice = failure(what, `'${what}' happened, and could not be put into words: ${errorText(error)}`);
    }
    if (notice !== undefined) this.notice(notice);
  }
}
