import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isRecord } from '../plan/check-setting.js';
import { readCommand } from './command-line.js';

const PACKAGE = 'nestjs-phased-shutdown';
const COMMAND = 'phased-shutdown';

/**
 * Returns the URL of the command in the application's own copy of this package, if that is a different copy: this one
 * may be installed globally or run by npx. The application runs the plan of its own copy.
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
    // The command reports problems with its arguments or the application later, where it uses them.
    return undefined;
  }
}
