// Builds the library twice from the same sources: as ES modules and as CommonJS. What was built before stays
// in place until both builds have succeeded.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
const next = mkdtempSync('.dist-');

function build(folder, type, { project, flags }) {
  const outDir = join(next, folder);
  const common = ['-p', project, '--noEmit', 'false', '--rootDir', 'lib', '--outDir', outDir];
  execFileSync(process.execPath, [tsc, ...common, ...flags], { stdio: 'inherit' });
  writeFileSync(join(outDir, 'package.json'), `${JSON.stringify({ type })}\n`);
}

try {
  build('esm', 'module', { project: 'tsconfig.json', flags: [] });
  const commonjs = '--module commonjs --moduleResolution bundler --verbatimModuleSyntax false';
  // The command is started by its file, not imported: it is there once, as ES modules.
  build('cjs', 'commonjs', { project: 'tools/tsconfig.commonjs.json', flags: commonjs.split(' ') });
  rmSync('dist', { recursive: true, force: true });
  renameSync(next, 'dist');
} catch (error) {
  rmSync(next, { recursive: true, force: true });
  process.exitCode = error.status ?? 1;
}
