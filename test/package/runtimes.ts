import { join } from 'node:path';
import { npmInstall } from './command.js';
import { keptFolder } from './workshop.js';

/** A runtime beside Node, from its package of npm. */
export interface Runtime {
  readonly binary: string;
  /** What stands before the file of a program. */
  readonly args: readonly string[];
}

export const bun = (): Promise<Runtime> => installed('bun@1.4.5', 'bun/bin/bun.exe', []);

export const deno = (): Promise<Runtime> => installed('deno@2.9.6', 'deno/deno', ['run', '--allow-all']);

async function installed(specifier: string, binary: string, args: readonly string[]): Promise<Runtime> {
  const folder = await keptFolder(specifier, specifier, (created) =>
    npmInstall(created, ['--prefix', '.', specifier]),
  );
  return { binary: join(folder, 'node_modules', binary), args };
}
