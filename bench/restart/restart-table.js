import { median, table } from '../table.js';

const HEADINGS = [
  'variant',
  'adapter',
  'requests',
  'failed',
  'broken: used',
  'fresh',
  'refused',
  'exit',
  'exit ms',
  'after last ms',
  'hung',
  'failed by, in all runs',
];

/** The runs of each variant and adapter as a row: medians, and in brackets the least and the most. */
export function restartTable(rows) {
  return table(
    HEADINGS,
    rows.map(({ variant, adapter, results }) => {
      const spread = (key, of = results) => spreadOf(of.map((result) => result[key]));
      const ended = results.filter(({ hung }) => !hung);
      return [
        variant,
        adapter,
        median(results.map(({ requests }) => requests)).toFixed(0),
        spread('failed'),
        spread('brokenUsed'),
        spread('brokenFresh'),
        spread('refused'),
        [...new Set(ended.map(({ exit }) => exit))].join(' ') || '-',
        spread('exitMs', ended),
        spread('afterLastMs', ended),
        `${results.length - ended.length}/${results.length}`,
        reasonsOf(results),
      ];
    }),
  );
}

function spreadOf(values) {
  if (values.length === 0) return '-';
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const middle = Math.round(median(values) * 10) / 10;
  return least === most ? String(middle) : `${middle} (${least}–${most})`;
}

/** `500 ×40, ECONNRESET ×2`: the most frequent first. */
function reasonsOf(results) {
  const counts = new Map();
  for (const { status, code } of results.flatMap(({ failures }) => failures)) {
    const reason = status ?? code;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return Array.from(counts)
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${reason} ×${count}`)
    .join(', ');
}
