// Builds the package: the code of all entry points and of the command, bundled once, and their types, rolled up once.
// What was built before stays in place until all has succeeded.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundleCode } from './package/bundle-code.js';
import { bundleTypes } from './types/bundle-types.js';
import { compile } from './package/compile.js';
import { licencesOf } from './package/licences.js';

const next = mkdtempSync(resolve('.dist-'));
const compiled = join(next, 'compiled');
const dist = join(next, 'dist');

try {
  compile(compiled);
  const [bundled] = await Promise.all([bundleCode(compiled, dist), bundleTypes(compiled, dist)]);
  writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), licencesOf(bundled));
  rmSync('dist', { recursive: true, force: true });
  renameSync(dist, 'dist');
} finally {
  rmSync(next, { recursive: true, force: true });
}
