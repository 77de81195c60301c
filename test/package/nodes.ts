import { join } from 'node:path';
import { npmInstall } from './command.js';
import { keptFolder } from './workshop.js';

/** The versions of Node that are supported: the oldest that may be used, and the newest of each line. */
const SUPPORTED = ['20.19.0', '20.20.2', '22.23.3', '24.21.0', '26.10.0'];

/** `quick` takes the Node that runs the tests; `full`, that is `npm run test:package`, all that are supported. */
export const MATRIX = process.env['TEST_PACKAGE'] === 'full' ? 'full' : 'quick';

export const NODES: readonly string[] = MATRIX === 'full' ? SUPPORTED : [process.versions.node];

/** The binary of that version, from the package that npm has of it for this machine. */
export async function nodeBinary(version: string): Promise<string> {
  if (version === process.versions.node) return process.execPath;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const folder = await keptFolder(`node-${version}`, name, (created) =>
    npmInstall(created, ['--prefix', '.', `${name}@${version}`]),
  );
  return join(folder, 'node_modules', name, 'bin', 'node');
}
