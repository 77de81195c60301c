import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './workshop.js';

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
}

// The package's own file, whose shape npm defines.
export const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;

/** The subpaths that may be imported; `.` is the core. */
const SUBPATHS = Object.keys(manifest.exports).filter((path) => path !== './package.json');

/** The entry points by the names of their files. */
export const ENTRY_NAMES: readonly string[] = SUBPATHS.map((path) =>
  path === '.' ? 'index' : path.replace('./', ''),
);

/** What may be imported, as it is written in an import, with the core in front. */
export const ENTRY_POINTS: readonly string[] = SUBPATHS.map((path) => path.replace('.', manifest.name));

export const CORE = manifest.name;

/** The packages that an application may do without. */
export const OPTIONAL_PEERS: readonly string[] = Object.entries(manifest.peerDependenciesMeta)
  .filter(([, { optional }]) => optional === true)
  .map(([name]) => name);
