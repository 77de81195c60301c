// Builds the library twice from the same sources: as ES modules and as CommonJS.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
const common = ['-p', 'tsconfig.json', '--noEmit', 'false', '--rootDir', 'lib'];

function build(folder, type, flags) {
  execFileSync(process.execPath, [tsc, ...common, '--outDir', `dist/${folder}`, ...flags], {
    stdio: 'inherit',
  });
  mkdirSync(`dist/${folder}`, { recursive: true });
  writeFileSync(`dist/${folder}/package.json`, `${JSON.stringify({ type })}\n`);
}

rmSync('dist', { recursive: true, force: true });
build('esm', 'module', []);
build('cjs', 'commonjs', [
  '--module',
  'commonjs',
  '--moduleResolution',
  'bundler',
  '--verbatimModuleSyntax',
  'false',
]);
