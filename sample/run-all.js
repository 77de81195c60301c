// Runs every sample except the shop, which has `npm start`, and prints how each went.
// Run it: npm run samples (after `npm run build && npx tsc -p sample`)
// Expect: one line per sample, and exit code 0. A sample with a finding of the startup checks has failed.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The longest that a sample may take, in milliseconds. Samples that listen stop themselves earlier. */
const LIMIT = 180_000;
/** How every finding ends. */
const FINDING = /^.*Silence this with doctor: \{ ignore: .*$/m;
/** What runs instead of a `main.js` that runs until it is stopped. */
const PROGRAMS = { '06-kubernetes': 'check.js' };

const samples = readdirSync(new URL('.', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== '01-shop')
  .map(({ name }) => name)
  .toSorted();

const failed = samples.filter((sample) => !run(sample));
if (failed.length > 0) process.exitCode = 1;

/** Returns whether the sample did what it promises. */
function run(sample) {
  const file = PROGRAMS[sample] ?? 'main.js';
  const program = fileURLToPath(new URL(`../build/sample/${sample}/${file}`, import.meta.url));
  const startedAt = Date.now();
  const { status, signal, error, stdout, stderr } = spawnSync(process.execPath, [program], {
    encoding: 'utf8',
    timeout: LIMIT,
    killSignal: 'SIGKILL',
  });
  const took = `${String(Date.now() - startedAt).padStart(6)} ms`;
  const [finding] = FINDING.exec(`${stdout}\n${stderr}`) ?? [];
  if (status === 0 && finding === undefined) {
    const [skipped] = /^skipped: .*$/m.exec(stdout) ?? [];
    console.log(`ok      ${[`${sample.padEnd(24)} ${took}`, skipped].filter(Boolean).join(', ')}`);
    return true;
  }
  console.log(
    `failed  ${sample.padEnd(24)} ${took}, ${error?.message ?? signal ?? finding ?? `exit code ${status}`}`,
  );
  console.log(stdout, stderr);
  return false;
}
