import { information, warning, type Notice } from '../notice.js';
import { errorText, reasonText } from '../plan/reason-text.js';
import { instant } from '../report/instant.js';
import type { RunningReport, ShutdownReport } from '../report/shutdown-report.js';
import { abandonedTasks, verdictOf, verdictText } from '../report/verdict.js';

/** How the last stop of the app ended, from its stored report. */
export function lastStop(report: ShutdownReport | RunningReport): Notice {
  const when = instant(report.startedAt)?.text ?? '';
  const left = abandonedTasks(report).map(({ name }) => name);
  const abandoned = left.length === 0 ? '' : ` Abandoned: ${left.join(', ')}.`;
  const text = `The last stop on record (${[reasonText(report.reason), when].join(' ').trim()}): ${verdictText(report)}.${abandoned}`;
  return verdictOf(report) === 'completed' ? information('last-stop', text) : warning('last-stop', text);
}

export function reportUnreadable(file: string, error: unknown): Notice {
  return warning(
    'report-unreadable',
    `'${file}' holds no report of the last stop; the next shutdown will replace it. ${errorText(error)}`,
  );
}

/** The report did not reach a place that the option `report` names. */
export function sinkFailed(sink: string, error: unknown): Notice {
  return warning(
    'sink-failed',
    `The report did not reach ${sink}; the shutdown is not affected: ${errorText(error)}`,
  );
}
