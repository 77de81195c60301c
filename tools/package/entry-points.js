import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));

/** The entry points by the names of their files in `dist`, and each one's source below `lib`, without its ending. */
export const ENTRY_POINTS = new Map(
  Object.keys(manifest.exports)
    .filter((path) => path !== './package.json')
    .map((path) => (path === '.' ? ['index', 'index'] : [path.slice(2), `${path.slice(2)}/index`])),
);

/** The packages that the user has: they are never bundled. */
export const PEERS = Object.keys(manifest.peerDependencies);
