import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { environment } from './command.js';

export interface EndedProgram {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly string[];
  readonly errors: readonly string[];
}

export interface RunningProgramOptions {
  /** The folder to run it in. */
  readonly cwd: string;
  /** The binary that runs it. */
  readonly node: string;
  /** What stands before the file. @default nothing */
  readonly args?: readonly string[];
  /** What its first line of interest matches. */
  readonly until: RegExp;
  /** What is done when that line was printed, before it is stopped. */
  readonly whenReady?: (match: RegExpMatchArray) => Promise<void>;
}

/** Starts a program, waits for a line, and stops it with SIGTERM; answers how it ended. */
export async function stoppedProgram(
  file: string,
  { cwd, node, args = [], until, whenReady }: RunningProgramOptions,
): Promise<EndedProgram> {
  const child = spawn(node, [...args, file], {
    cwd,
    env: environment({ node, env: { PORT: '0' } }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const errors: string[] = [];
  createInterface(child.stderr).on('line', (line) => errors.push(line));
  const stopAt = async (line: string): Promise<void> => {
    const match = line.match(until);
    if (match === null) return;
    await whenReady?.(match);
    child.kill('SIGTERM');
  };
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line);
    stopAt(line).catch((error: unknown) => {
      errors.push(String(error));
      child.kill('SIGKILL');
    });
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, lines, errors }));
  });
}
