import { reasonText } from '../plan/reason-text.js';
import { instant } from '../report/instant.js';
import { reportFromJson } from '../report/read-report.js';
import { reportToJson } from '../report/report-json.js';
import { ShutdownReportError } from '../report/report-shape.js';
import { reportToHtml } from '../report/report-to-html.js';
import type { RunningReport, ShutdownReport } from '../report/shutdown-report.js';
import { timeline } from '../report/timeline.js';
import { verdictText } from '../report/verdict.js';
import type { Answer } from './answer.js';
import type { Command } from './command-line.js';
import { readText } from './source-file.js';
import { WrongUse } from './wrong-use.js';

type Report = ShutdownReport | RunningReport;

/** Renders a stored report: its JSON, or the page that holds it. */
export async function answerReport({
  file,
  format,
}: Extract<Command, { readonly kind: 'report' }>): Promise<Answer> {
  const report = readReport(file);
  const texts = {
    text: () => reportText(report),
    html: () => reportToHtml(report),
    json: () => JSON.stringify(reportToJson(report), undefined, 2),
  };
  return { exitCode: 0, result: await texts[format](), remarks: [] };
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

/** Why, when, how it went, and the timeline. */
export function reportText(report: Report): string {
  const { reason, joinedReasons, startedAt } = report;
  const at = instant(startedAt)?.text ?? 'at a time that no calendar has';
  const joined =
    joinedReasons.length === 0 ? '' : `; also asked by ${joinedReasons.map(reasonText).join(', ')}`;
  const picture = timeline(report);
  return [
    `Asked to shut down by ${reasonText(reason)}, ${at}${joined}.`,
    `Shut down: ${verdictText(report)}.`,
    ...(picture === '' ? [] : ['', picture]),
  ].join('\n');
}
