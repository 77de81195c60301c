import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it printed on standard output. */
  readonly lines: readonly string[];
  /** What it printed on standard error. */
  readonly errors: readonly string[];
  /** Milliseconds from the first thing that the test sent, or from the start where it sent nothing. */
  readonly durationMs: number;
}

export interface ForkOptions {
  readonly args?: readonly string[];
  /** The major of Nest to run on. */
  readonly major?: 11 | 12;
  /** Whether the program has a channel to this process. */
  readonly ipc?: boolean;
  /** The folder of tests whose program it is. */
  readonly folder?: 'process' | 'services';
}

/** Whether each kind of application runs on each major of Nest, or on one of the two. */
export const IS_FULL = process.env['TEST_PROCESS'] === 'full';

/** Milliseconds that a busy machine may take beyond the times that a program configures. */
export const SLACK = 10_000;

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const running = new Set<ChildProcess>();

// What a failed test leaves behind must not outlive it.
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

// A program boots in half a second, but on a busy machine in several.
import.meta.jest.setTimeout(30_000);

/** A program of the folder's `programs/` that runs in a process of its own. */
export class ForkedProgram {
  readonly lines: string[] = [];
  readonly errors: string[] = [];
  /** Resolves when it has ended and all that it printed has been read. */
  readonly ended: Promise<Ended>;

  readonly #child: ChildProcess;
  readonly #waiting = new Map<string, () => void>();
  readonly #startedAt = performance.now();
  #since: number | undefined;

  constructor(name: string, { args = [], major = 12, ipc = false, folder = 'process' }: ForkOptions = {}) {
    const { KUBERNETES_SERVICE_HOST: _, ...env } = process.env;
    const child = spawn(process.execPath, [`build/nest-${major}/${folder}/${name}.js`, ...args], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    });
    this.#child = child;
    running.add(child);
    if (child.stdout !== null) createInterface(child.stdout).on('line', (line) => this.#read(line));
    if (child.stderr !== null) createInterface(child.stderr).on('line', (line) => this.errors.push(line));
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        running.delete(child);
        const durationMs = performance.now() - (this.#since ?? this.#startedAt);
        resolve({ code, signal, lines: this.lines, errors: this.errors, durationMs });
      });
    });
  }

  /** Resolves when it has printed the line; rejects when it ends without. */
  printed(line: string): Promise<void> {
    if (this.lines.includes(line)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.set(line, resolve);
      void this.ended.then((ended) => {
        reject(new Error(`The program ended without '${line}': ${JSON.stringify(ended, undefined, 1)}`));
      });
    });
  }

  /** Sends a signal when the line has been printed. */
  async signalAt(line: string, signal: NodeJS.Signals): Promise<void> {
    await this.printed(line);
    this.#since ??= performance.now();
    this.#child.kill(signal);
  }

  /** Sends a message when the line has been printed. */
  async messageAt(line: string, message: string): Promise<void> {
    await this.printed(line);
    this.#since ??= performance.now();
    this.#child.send(message);
  }

  #read(line: string): void {
    this.lines.push(line);
    this.#waiting.get(line)?.();
  }
}

/** Runs a program to its end; with `signalAt`, sends it a signal when it has printed a line. */
export async function run(
  name: string,
  options: ForkOptions & { readonly signalAt?: readonly [string, NodeJS.Signals] } = {},
): Promise<Ended> {
  const program = new ForkedProgram(name, options);
  if (options.signalAt !== undefined) await program.signalAt(...options.signalAt);
  return program.ended;
}
