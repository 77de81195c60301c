import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PATIENCE, printedBy } from './command.js';
import { ENTRY_NAMES, manifest } from './entry-points.js';
import { MATRIX, NODES } from './nodes.js';
import { packTarball, type Tarball } from './tarball.js';
import { ROOT } from './workshop.js';

import.meta.jest.setTimeout(PATIENCE);

let tarball: Tarball;

beforeAll(async () => {
  tarball = await packTarball();
});

afterAll(() => {
  const { size, unpackedSize, paths } = tarball;
  const more =
    MATRIX === 'full'
      ? ''
      : '; left out: other versions, Jest 29, Jest for ES modules; all: npm run test:package';
  process.stdout.write(
    `package: ${kilobytes(size)} packed, ${kilobytes(unpackedSize)} unpacked, ${paths.length} files\n` +
      `package: the ${MATRIX} matrix, Node ${NODES.join(', ')}${more}\n`,
  );
});

function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(1)} kB`;
}

/** What the two module systems need of each entry point, the command, and what a reader needs. */
const WRITTEN = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'dist/THIRD-PARTY-LICENSES.txt',
  'dist/cjs/package.json',
  'dist/esm/cli/main.js',
  'package.json',
  ...ENTRY_NAMES.flatMap((name) =>
    ['cjs', 'esm'].flatMap((format) => [`dist/${format}/${name}.js`, `dist/${format}/${name}.d.ts`]),
  ),
];

/** What entry points share: code that is there once, and the types of all of them. */
const SHARED = /^dist\/cjs\/shared\/[\w.-]+\.js$|^dist\/cjs\/types\/[\w.-]+\.d\.ts$/;

const COMMENT = /^\s*\/[/*]/;

describe('the tarball', () => {
  test('has the entry points for both module systems, what they share, and nothing else', () => {
    expect(tarball.paths.filter((path) => !SHARED.test(path))).toEqual(WRITTEN.toSorted());
  });

  test('takes at most 700 kB on disk, in at most 60 files', () => {
    expect(tarball.unpackedSize).toBeLessThanOrEqual(700_000);
    expect(tarball.paths.length).toBeLessThanOrEqual(60);
  });

  test('installs no other package', () => {
    expect(manifest.dependencies ?? {}).toEqual({});
  });

  test('has the code without its comments', () => {
    const commented = tarball.paths
      .filter((path) => path.endsWith('.js'))
      .filter((path) =>
        readFileSync(join(ROOT, path), 'utf8')
          .split('\n')
          .some((line) => COMMENT.test(line)),
      );
    expect(commented).toEqual([]);
  });

  test('has the licence of each package that is bundled into the command', () => {
    const licences = readFileSync(join(ROOT, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    expect(licences).toMatch(/^js-yaml \d+\.\d+\.\d+\n[^]*Copyright \(C\)/m);
  });

  test('has nothing that publint finds', async () => {
    const args = ['node_modules/publint/src/cli.js', 'run', tarball.file, '--strict'];
    const { output } = await printedBy(process.execPath, args, { cwd: ROOT });
    expect(output).toContain('All good!');
  });

  test('has the right types for every way to resolve a module', async () => {
    const args = ['node_modules/@arethetypeswrong/cli/dist/index.js', tarball.file, '--no-emoji'];
    const { output } = await printedBy(process.execPath, args, { cwd: ROOT });
    expect(output).toContain('No problems found');
  });
});
