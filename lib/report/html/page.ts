import { reportFromJson } from '../read-report.js';
import type { ReportJson } from '../report-json.js';
import type { RunningReport, ShutdownReport } from '../shutdown-report.js';
import { verdictText } from '../verdict.js';
import { Markup, html } from './markup.js';
import { dataBlock } from './page-data.js';
import { phaseSection } from './phase-section.js';
import { pictureOf, type Picture } from './scale.js';
import { STYLE } from './style.js';
import { summary, titleOf } from './summary.js';

/**
 * The page of a report in its JSON form: one HTML page that needs nothing else. It holds the JSON as well, so that
 * `reportFromJson` reads it back.
 */
export function jsonToHtml(json: ReportJson): string {
  // What the page shows is what it holds, and no more.
  const report = reportFromJson(json);
  const picture = pictureOf(report);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        />
        <link rel="icon" href="data:," />
        <title>${titleOf(report)}: ${verdictText(report)}</title>
        <style>
          ${new Markup(STYLE)}
        </style>
      </head>
      <body>
        <main>${summary(report, picture)} ${timeline(report, picture)}</main>
        <footer>
          Written by nestjs-phased-shutdown. Select a task to open it. The report is in this page as JSON,
          too: <code>phased-shutdown report</code> reads it.
        </footer>
        ${new Markup(dataBlock(json))}
      </body>
    </html> `.text;
}

function timeline(report: ShutdownReport | RunningReport, picture: Picture): Markup {
  const { scale } = picture;
  const { endedBy, phases } = report;
  if (phases.length === 0) return html`<p class="note">No phase had begun.</p>`;
  const ticks = scale.ticks.map(
    ({ left, text, side }) => html`<i class="${side}" style="left:${left}%">${text}</i>`,
  );
  const lines = scale.ticks.map(({ left }) => html`<i style="left:${left}%"></i>`);
  return html`<section class="timeline" aria-label="Timeline">
    <h2>Where the time went</h2>
    <div class="chart">
      <div class="axis" aria-hidden="true"><span class="track">${ticks}</span></div>
      <div class="grid" aria-hidden="true">
        <span class="track"
          >${lines}${
            endedBy !== undefined &&
            html`<i class="end" style="left:${scale.percent(endedBy.atMs)}%"><b>ended</b></i>`
          }</span
        >
      </div>
      ${phases.map((phase) => phaseSection(phase, picture))}
    </div>
  </section>`;
}
