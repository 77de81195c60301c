import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { printedBy } from './command.js';
import { ROOT, WORKSHOP } from './workshop.js';

/** What `npm publish` would upload. */
export interface Tarball {
  readonly file: string;
  /** The hash of its content. */
  readonly integrity: string;
  /** Bytes to download. */
  readonly size: number;
  /** Bytes when it is unpacked. */
  readonly unpackedSize: number;
  /** The paths in it, sorted. */
  readonly paths: readonly string[];
}

interface PackedPackage {
  readonly filename: string;
  readonly integrity: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Packs what has been built; the file is gone when the suite has ended. */
export async function packTarball(): Promise<Tarball> {
  if (!existsSync(join(ROOT, 'dist'))) throw new Error('There is no build to pack: npm run build');
  mkdirSync(WORKSHOP, { recursive: true });
  const folder = mkdtempSync(join(WORKSHOP, 'tarball-'));
  folders.push(folder);
  // Without `prepack`, which would build anew under the feet of the suites that run beside this one.
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { output } = await printedBy('npm', args, { cwd: ROOT });
  // What npm prints: a list of the one package, since one was packed.
  const [packed] = JSON.parse(output) as readonly PackedPackage[];
  if (packed === undefined) throw new Error('npm packed nothing.');
  const { filename, integrity, size, unpackedSize, files } = packed;
  const paths = files.map(({ path }) => path).toSorted();
  return { file: join(folder, filename), integrity, size, unpackedSize, paths };
}
