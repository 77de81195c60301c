import { spawn } from 'node:child_process';
import { dirname, delimiter } from 'node:path';

/** Milliseconds that npm, a compiler, or a test runner may take on a busy machine. */
export const PATIENCE = 600_000;

export interface CommandOptions {
  /** The folder to run it in. */
  readonly cwd: string;
  /** The binary of Node that it and its children find first. @default the one that runs the tests */
  readonly node?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** What the tests around it set, and a command of a user's shell does not have. */
const OF_THE_RUNNER = /^(JEST_|NODE_ENV$|NODE_OPTIONS$|npm_(?!config_)|npm_config_local_prefix$)/;

/** An environment in which `node` is that binary, and nothing tells of the tests around it. */
export function environment({ node = process.execPath, env = {} }: Omit<CommandOptions, 'cwd'>) {
  const kept = Object.entries(process.env).filter(([name]) => !OF_THE_RUNNER.test(name));
  const path = `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}`;
  return { ...Object.fromEntries(kept), NO_COLOR: '1', PATH: path, ...env };
}

/** What a command printed. */
export interface Printed {
  readonly output: string;
  readonly errors: string;
}

/**
 * Runs a command to its end, and answers with what it printed.
 *
 * @throws Error with everything that it printed, where its exit code is not 0
 */
export async function printedBy(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<Printed> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: environment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return { output, errors };
  throw new Error(`${[command, ...args].join(' ')} ended with ${code}:\n${output}${errors}`);
}

/** Installs packages into a folder, from the cache of npm where they are in it. */
export async function npmInstall(
  cwd: string,
  args: readonly string[] = [],
  options: Omit<CommandOptions, 'cwd'> = {},
): Promise<void> {
  await printedBy('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...args], {
    cwd,
    ...options,
  });
}
