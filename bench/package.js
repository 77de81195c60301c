// What the package costs to install, to import and to boot, beside packages of Nest that an application imports a module
// from: on disk; the import after Nest's own, as ES modules with Nest 12 and by `require` with Nest 11; and what the
// module adds to the boot of an empty application. Times are milliseconds of the processor, which other programs on the
// machine hardly change. Every import and boot is in a process of its own; the rounds are paired, medians are shown.
// `bench:boot` comes last, a boot of thousands of providers.
//
//   npm run bench:package [rounds]
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { installedSize, packedHome } from './package/homes.js';
import { median, table } from './table.js';

const ROUNDS = Number(process.argv[2] ?? 15);
const PACKAGES = ['nestjs-phased-shutdown', '@nestjs/schedule', '@nestjs/terminus', '@nestjs/bullmq'];
const NONE = 'none';
const MEASURES = [
  { title: 'import ms', major: 12, what: 'import' },
  { title: 'require ms', major: 11, what: 'require' },
  { title: 'boot ms', major: 12, what: 'boot' },
];

const homes = new Map([11, 12].map((major) => [major, packedHome(major)]));
const columns = MEASURES.map((measure) => ({ ...measure, added: addedBy(measure) }));

console.log(`Node ${process.version}; ${ROUNDS} rounds; a package's own files, without its dependencies`);
console.log(
  table(
    ['', 'kB unpacked', 'files', 'dependencies', 'exports', ...columns.map(({ title }) => title)],
    PACKAGES.map((name) => {
      const { bytes, files, dependencies } = installedSize(homes.get(12), name);
      const sizes = [(bytes / 1_000).toFixed(1), files, dependencies, measured(12, 'exports', name)];
      return [name, ...sizes, ...columns.map(({ added }) => added.get(name).toFixed(1))];
    }),
  ),
);
console.log();
execFileSync(process.execPath, [fileURLToPath(new URL('boot.js', import.meta.url))], { stdio: 'inherit' });

/** What each package adds to the same without any, as the median of the rounds. */
function addedBy({ major, what }) {
  const variants = [NONE, ...PACKAGES];
  const times = new Map(variants.map((variant) => [variant, []]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    // The order turns, so that no variant always runs behind the same neighbour; the first round warms up the disk.
    for (let turn = 0; turn < variants.length; turn += 1) {
      const variant = variants[(turn + round) % variants.length];
      const ms = measured(major, what, variant);
      if (round > 0) times.get(variant).push(ms);
    }
  }
  const none = times.get(NONE);
  return new Map(
    variants.map((variant) => [variant, median(times.get(variant).map((ms, round) => ms - none[round]))]),
  );
}

/** Measures in a process of its own, in a project with that major of Nest. */
function measured(major, what, name) {
  const program = `${homes.get(major)}/${what === 'require' ? 'measure.cjs' : 'measure.mjs'}`;
  return Number(execFileSync(process.execPath, [program, name, what], { encoding: 'utf8' }));
}
