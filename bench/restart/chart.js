import { median } from '../table.js';

const WIDTH = 860;
const LABEL = 230;
const BARS = 520;
const ROW = 20;
const HEAD = 64;
const GAP = 52;

/**
 * Failed requests as a bar chart, a panel for each kind of client. The scale is logarithmic, so that both one
 * failed request and ten thousand are seen; a bar ends at the median, a whisker spans the runs.
 */
export function chart(panels) {
  const most = Math.max(
    10,
    ...panels.flatMap(({ rows }) => rows.flatMap(({ results }) => failedIn(results))),
  );
  const x = (failed) => LABEL + (BARS * Math.log10(1 + failed)) / Math.log10(1 + most);
  let y = HEAD;
  const drawn = panels.map((panel) => {
    const top = y;
    y += panel.rows.length * ROW + GAP;
    return drawPanel(panel, { top, x, most });
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img">
<title>Failed requests in a restart</title>
<style>
  :root { color-scheme: light dark; }
  svg { color: #1f2328; background: #ffffff; font: 12px system-ui, sans-serif; }
  .ours { fill: #1a7f37; }
  @media (prefers-color-scheme: dark) {
    svg { color: #e6edf3; background: #0d1117; }
    .ours { fill: #3fb950; }
  }
  text { fill: currentColor; }
  .heading { font-size: 16px; font-weight: 600; }
  .panel { font-weight: 600; }
  .tick { opacity: 0.6; font-size: 10px; }
  .peer { fill: currentColor; opacity: 0.45; }
  line { stroke: currentColor; }
  .grid { opacity: 0.15; }
  .whisker { opacity: 0.7; }
</style>
<text class="heading" x="12" y="24">Failed requests in a restart under load</text>
<text class="tick" x="12" y="40">Median of the runs, with the least and the most; logarithmic; a refused connection is safe to retry and not counted</text>
${drawn.join('\n')}
</svg>
`;
}

function drawPanel({ title, rows }, { top, x, most }) {
  const bottom = top + 8 + rows.length * ROW;
  const ticks = [0, 1, 10, 100, 1_000, 10_000, 100_000].filter((tick) => tick <= most);
  return [
    `<text class="panel" x="12" y="${top}">${escape(title)}</text>`,
    ...ticks.flatMap((tick) => [
      `<line class="grid" x1="${round(x(tick))}" y1="${top + 8}" x2="${round(x(tick))}" y2="${bottom}"/>`,
      `<text class="tick" text-anchor="middle" x="${round(x(tick))}" y="${bottom + 12}">${tick}</text>`,
    ]),
    ...rows.map((row, index) => drawRow(row, { top: top + 8 + index * ROW, x })),
  ].join('\n');
}

function drawRow({ variant, adapter, results }, { top, x }) {
  const failed = failedIn(results);
  const [least, middle, most] = [Math.min(...failed), median(failed), Math.max(...failed)];
  const hung = results.filter((result) => result.hung).length;
  const note = hung > 0 ? `${middle}, hung ${hung}/${results.length}` : String(middle);
  const center = top + ROW / 2;
  return [
    `<text text-anchor="end" x="${LABEL - 8}" y="${center + 4}">${escape(variant)} · ${adapter}</text>`,
    `<rect class="${variant === 'ours' ? 'ours' : 'peer'}" x="${LABEL}" y="${top + 4}" width="${round(Math.max(1, x(middle) - LABEL))}" height="${ROW - 8}"/>`,
    `<line class="whisker" x1="${round(x(least))}" y1="${center}" x2="${round(x(most))}" y2="${center}"/>`,
    `<text x="${round(x(most) + 6)}" y="${center + 4}">${note}</text>`,
  ].join('\n');
}

function failedIn(results) {
  return results.map(({ failed }) => failed);
}

function round(value) {
  return Math.round(value * 10) / 10;
}

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
