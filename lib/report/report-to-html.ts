import { reportToJson, type ReportJsonOptions } from './report-json.js';
import type { RunningReport, ShutdownReport } from './shutdown-report.js';

/**
 * The report as one HTML page that needs nothing else: no network, no script. Each task opens to its error and to
 * what was in flight. It holds the JSON as well, so that `reportFromJson` reads it back.
 *
 * The code of the page is loaded when it is called for the first time.
 */
export async function reportToHtml(
  report: ShutdownReport | RunningReport,
  options: ReportJsonOptions = {},
): Promise<string> {
  const { jsonToHtml } = await import('./html/page.js');
  return jsonToHtml(reportToJson(report, options));
}
