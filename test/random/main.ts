// npm run test:random -- [--processes N] [--seed N] [--only K,L] [--jobs N] [--without a,b] [--show]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FACETS, isFacet, type Facet } from './facets.js';
import { DEFAULT_JOBS, runProcesses, type Finished } from './run-processes.js';

const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string' },
    jobs: { type: 'string', default: String(DEFAULT_JOBS) },
    without: { type: 'string', default: '' },
    show: { type: 'boolean', default: false },
  },
});

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const words = values.without.split(',').filter((word) => word !== '');
const unknown = words.filter((word) => !isFacet(word));
if (unknown.length > 0) {
  const known = Object.entries(FACETS).map(([name, what]) => `  ${name}: ${what}`);
  say(`--without: there is no ${unknown.join(', ')}. What can be left out:\n${known.join('\n')}`);
  process.exit(2);
}
const without: ReadonlySet<Facet> = new Set(words.filter(isFacet));
const seed = Number(values.seed);
const count = Number(values.processes);
const indexes =
  values.only === undefined
    ? Array.from({ length: count }, (_, index) => index)
    : values.only.split(',').map(Number);
const again = words.length === 0 ? '' : ` --without ${words.join(',')}`;

/** One fault may show in hundreds of tasks. */
const SHOWN = 12;

const folder = mkdtempSync(join(tmpdir(), 'random-'));
const startedAt = performance.now();
const broken = new Map<string, number>();
const codes = new Map<string, number>();
let failures = 0;
let done = 0;

function tell({ observation, violations }: Finished): void {
  const { scenario, code, signal } = observation;
  done += 1;
  const end = String(code ?? signal);
  codes.set(end, (codes.get(end) ?? 0) + 1);
  if (violations.length > 0) {
    failures += 1;
    say(`--seed ${seed} --only ${scenario.index}${again}: exited with ${end}`);
    for (const { rule, what } of violations.slice(0, SHOWN)) say(`  ${rule}: ${what}`);
    if (violations.length > SHOWN) say(`  and ${violations.length - SHOWN} more`);
    for (const { rule } of violations) broken.set(rule, (broken.get(rule) ?? 0) + 1);
  }
  if (values.show || (violations.length > 0 && values.only !== undefined)) {
    say(JSON.stringify(scenario, undefined, 1));
    for (const { at, ...noted } of observation.entries) {
      say(`${(at - (observation.entries[0]?.at ?? at)).toFixed(1).padStart(8)} ${JSON.stringify(noted)}`);
    }
    say(`sent ${JSON.stringify(observation.sent)}\nclients ${JSON.stringify(observation.clients)}`);
    say(`-- stdout\n${observation.stdout}\n-- stderr\n${observation.stderr}`);
  }
  if (done % 100 === 0) say(`${done} of ${indexes.length}`);
}

await runProcesses({ seed, indexes, without, jobs: Number(values.jobs), folder, onEnd: tell });
rmSync(folder, { recursive: true, force: true });

const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
const ends = [...codes].map(([end, times]) => `${end}: ${times}`).join(', ');
say(`seed ${seed}: ${done} processes in ${seconds} s, exited with ${ends}.`);
for (const [rule, times] of broken) say(`  ${rule}: ${times} violations`);
say(`${failures} of them broke a rule.`);
process.exitCode = failures === 0 ? 0 : 1;
