import { reasonText } from '../plan/reason-text.js';
import { jsonToHtml } from '../report-output/html/page.js';
import { instant } from '../report/instant.js';
import { reportFromJson } from '../report/read-report.js';
import { reportToJson } from '../report/report-json.js';
import { ShutdownReportError } from '../report/report-shape.js';
import type { RunningReport, ShutdownReport } from '../report/shutdown-report.js';
import { timeline } from '../report/timeline.js';
import { verdictText } from '../report/verdict.js';
import type { Answer } from './answer.js';
import type { Command } from './command-line.js';
import { readText } from './source-file.js';
import { WrongUse } from './wrong-use.js';

type Report = ShutdownReport | RunningReport;

/** Renders a stored report: its JSON, or the HTML page that contains it. */
export function answerReport({ file, format }: Extract<Command, { readonly kind: 'report' }>): Answer {
  const report = readReport(file);
  const texts = {
    text: () => reportText(report),
    html: () => jsonToHtml(reportToJson(report)),
    json: () => JSON.stringify(reportToJson(report), undefined, 2),
  };
  return { exitCode: 0, result: texts[format](), remarks: [] };
}

function readReport(file: string): Report {
  const text = readText(file);
  try {
    return reportFromJson(text);
  } catch (error) {
    if (error instanceof ShutdownReportError) throw new WrongUse(`${file}: ${error.message}`);
    throw error;
  }
}

/** The reason, the time, the verdict, and the timeline. */
export function reportText(report: Report): string {
  const { reason, joinedReasons, startedAt } = report;
  const at = instant(startedAt)?.text ?? 'at an invalid date';
  const joined =
    joinedReasons.length === 0 ? '' : `; also triggered by ${joinedReasons.map(reasonText).join(', ')}`;
  const picture = timeline(report);
  return [
    `Shutdown triggered by ${reasonText(reason)}, ${at}${joined}.`,
    `Shut down: ${verdictText(report)}.`,
    ...(picture === '' ? [] : ['', picture]),
  ].join('\n');
}
