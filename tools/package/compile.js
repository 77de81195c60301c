import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

/** Compiles `lib` into a folder, file by file: ES modules, and types without their `@internal` members. */
export function compile(outDir) {
  const flags = ['--noEmit', 'false', '--stripInternal', '--rootDir', 'lib', '--outDir', outDir];
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.json', ...flags], { stdio: 'inherit' });
}
