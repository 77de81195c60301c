import { nodeProcess } from '../process/node-process.js';
import { commandOfApplication } from './application-copy.js';
import { runCommand } from './run-command.js';

/**
 * Does what the arguments of the process ask for, and ends it.
 *
 * @param self the URL of the file that was started
 */
export async function main(self: string): Promise<void> {
  const args = process.argv.slice(2);
  const other = commandOfApplication(args, self);
  if (other === undefined) return run(args);
  await import(other);
}

async function run(args: readonly string[]): Promise<never> {
  const { stdout, stderr } = process;
  const toResult = stdout.write.bind(stdout);
  const toRemarks = stderr.write.bind(stderr);
  // What the application prints while it loads must not mix with the result.
  stdout.write = toRemarks;
  const { exitCode, result, remarks } = await runCommand(args, nodeProcess.platform);
  for (const remark of remarks) await written(toRemarks, `phased-shutdown: ${remark}\n`);
  if (result !== '') await written(toResult, `${result}\n`);
  // Loading the application may have started something that would keep the process alive.
  process.exit(exitCode);
}

/** Waits for a write: pipes are asynchronous. */
function written(write: typeof process.stdout.write, text: string): Promise<void> {
  return new Promise((resolve) => void write(text, () => resolve()));
}
