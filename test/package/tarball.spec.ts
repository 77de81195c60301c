import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PATIENCE, printedBy } from './command.js';
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

/** Both builds of every source, the command as ES modules alone, and what npm and a reader need; nothing else. */
function expectedPaths(): readonly string[] {
  const sources = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => path.replaceAll('\\', '/').replace(/\.ts$/, ''));
  const builds = ['dist/esm', 'dist/cjs'].flatMap((build) => [
    `${build}/package.json`,
    ...sources
      .filter((source) => build === 'dist/esm' || !source.startsWith('cli/'))
      .flatMap((source) => [`${build}/${source}.js`, `${build}/${source}.d.ts`]),
  ]);
  return ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', ...builds].toSorted();
}

describe('the tarball', () => {
  test('has the two builds of the sources with their types, and nothing else', () => {
    expect(tarball.paths).toEqual(expectedPaths());
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
