// Replaces an instance under load and counts what the clients saw: for ours, for Nest's own hooks and for four
// peers, on Express and Fastify, with three kinds of clients. 100 keep-alive clients in a closed loop; one
// request in ten takes 1.5 s, and a request that finds the database closed fails. Every run is a fresh set of
// processes; the rounds go through all variants before any variant comes again.
//
//   npm run bench:restart -- [--runs 3] [--variants ours,nest] [--adapters express] [--clients moved,staying]
//                            [--slow 0.1] [--trace]
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { chart } from './restart/chart.js';
import { replace } from './restart/replace.js';
import { restartTable } from './restart/restart-table.js';
import { VARIANTS } from './restart/variants.js';

const KINDS = {
  moved:
    'clients that a balancer moves: it probes every 100 ms, and the new instance is up before the signal',
  staying: 'clients that stay until they are refused, with 0 to 20 ms of think time',
  eager: 'clients that stay until they are refused, without think time',
};
const CHART = new URL('restart.svg', import.meta.url);

const list = (all) => ({ type: 'string', default: all.join(',') });
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    variants: list(Object.keys(VARIANTS)),
    adapters: list(['express', 'fastify']),
    clients: list(Object.keys(KINDS)),
    slow: { type: 'string', default: '0.1' },
    trace: { type: 'boolean', default: false },
  },
});
const [variants, adapters, kinds] = [values.variants, values.adapters, values.clients].map((text) =>
  text.split(','),
);
const runs = Number(values.runs);

console.log(
  `100 keep-alive clients, ${Number(values.slow) * 100} % of the requests take 1.5 s, the others 0 to 20 ms; ` +
    `median (min–max) of ${runs} runs on Node ${process.version}`,
);
const panels = [];
for (const kind of kinds) {
  const rows = await measure(kind);
  console.log(`\n${kind}: ${KINDS[kind]}\n${restartTable(rows)}`);
  panels.push({ title: KINDS[kind], rows });
  await writeFile(CHART, chart(panels));
}

async function measure(kind) {
  const rows = variants.flatMap((variant) => adapters.map((adapter) => ({ variant, adapter, results: [] })));
  for (let run = 0; run < runs; run += 1) {
    for (const { variant, adapter, results } of rows) {
      const result = await replace({ variant, adapter, kind, slowShare: Number(values.slow) });
      results.push(result);
      const end = result.hung ? 'hung' : `out after ${result.exitMs} ms`;
      console.error(`${kind} ${run + 1}/${runs} ${variant} ${adapter}: ${result.failed} failed, ${end}`);
      if (values.trace) for (const failure of result.failures) console.error(JSON.stringify(failure));
    }
  }
  return rows;
}
