import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isRecord } from '../plan/check-setting.js';
import { readCommand } from './command-line.js';

const PACKAGE = 'nestjs-phased-shutdown';
const COMMAND = 'phased-shutdown';

/**
 * The command of the copy of this package that the application has, where it is another one than this: installed
 * globally, or run by npx. Its plan is the one that the application will run.
 */
export function commandOfApplication(args: readonly string[], self: string): string | undefined {
  try {
    const command = readCommand(args);
    if (command.kind !== 'plan' && command.kind !== 'check') return undefined;
    const require = createRequire(resolve(command.application.file));
    const path = require.resolve(`${PACKAGE}/package.json`);
    const manifest: unknown = require(path);
    const bin = isRecord(manifest) && isRecord(manifest['bin']) ? manifest['bin'][COMMAND] : undefined;
    if (typeof bin !== 'string') return undefined;
    const main = realpathSync(resolve(dirname(path), bin));
    return main === realpathSync(fileURLToPath(self)) ? undefined : pathToFileURL(main).href;
  } catch {
    // What is wrong with the arguments, or with the application, is told where they are used.
    return undefined;
  }
}
