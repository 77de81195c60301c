import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SLACK } from './fork.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const started = new Set<OutputProgram>();

afterEach(() => {
  for (const each of started) each.remove();
  started.clear();
});

/** The program `outputs`, with what it noted in a file, since nobody may read its outputs. */
class OutputProgram {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly durationMs: number }>;
  output = '';
  readonly #file = join(tmpdir(), `outputs-${randomUUID()}`);
  #askedAt = 0;

  constructor(
    scenario: string,
    { shell = '', stdio }: { readonly shell?: string; readonly stdio?: StdioOptions } = {},
  ) {
    const args = ['build/nest-12/process/outputs.js', scenario, this.#file];
    const { KUBERNETES_SERVICE_HOST: _, ...env } = process.env;
    const command: readonly [string, readonly string[]] =
      shell === ''
        ? [process.execPath, args]
        : ['bash', ['-c', `exec ${[process.execPath, ...args].join(' ')} ${shell}`]];
    this.child = spawn(...command, {
      cwd: ROOT,
      env: { ...env, NO_COLOR: '1' },
      stdio: stdio ?? ['ignore', 'pipe', 'pipe'],
    });
    started.add(this);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.output += data.toString();
      });
    }
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code) => resolve({ code, durationMs: performance.now() - this.#askedAt }));
    });
  }

  get notes(): readonly string[] {
    return existsSync(this.#file) ? readFileSync(this.#file, 'utf8').trim().split('\n') : [];
  }

  /** Those that say what became of it. */
  get fate(): readonly string[] {
    return this.notes.filter((note) => !note.startsWith('pid'));
  }

  async booted(): Promise<void> {
    while (!this.notes.some((note) => note.startsWith('pid'))) {
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
  }

  ask(signal: NodeJS.Signals): void {
    this.#askedAt = performance.now();
    this.child.kill(signal);
  }

  remove(): void {
    this.child.kill('SIGKILL');
    rmSync(this.#file, { force: true });
    rmSync(`${this.#file}.json`, { force: true });
  }
}

/** How many times a text is in another. */
function times(text: string, part: string): number {
  return text.split(part).length - 1;
}

describe('an output that has lost its reader', () => {
  test.each([
    ['a signal', 'lost', 'SIGTERM', ['closed', 'hook', 'exit 0']],
    ['a signal, with fatalErrors', 'fatal-errors', 'SIGTERM', ['closed', 'hook', 'exit 0']],
    ['app.close()', 'close', 'SIGUSR2', ['closed', 'hook', 'close answered', 'exit 0']],
    [
      'run() in an application with the module alone',
      'module-alone',
      'SIGUSR2',
      ['closed', 'run answered', 'exit 0'],
    ],
  ] as const)('does not cut a shutdown triggered by %s', async (_, scenario, signal, fate) => {
    const program = new OutputProgram(scenario);
    await program.booted();
    program.child.stdout?.destroy();
    program.child.stderr?.destroy();
    program.ask(signal);
    await program.ended;
    expect(program.fate).toEqual(fate);
  });

  test('ends a shutdown like plain Node on any other error', async () => {
    const program = new OutputProgram('foreign-error');
    await program.booted();
    program.ask('SIGTERM');
    expect(await program.ended).toMatchObject({ code: 1 });
    expect(program.fate).toEqual(['exit 1']);
    expect(program.output).toContain('Error: not ours');
  });
});

describe('a standard error that is full and never read', () => {
  test('does not hold the process beyond its grace period', async () => {
    const program = new OutputProgram('hung-hook', { shell: '2> >(exec sleep 60)', stdio: 'ignore' });
    await program.booted();
    program.ask('SIGTERM');
    const { code, durationMs } = await program.ended;
    expect(code).toBe(1);
    expect(durationMs).toBeLessThan(2_000 + SLACK);
    expect(program.fate).toEqual(['full', 'closed', 'hook', 'exit 1']);
  });
});

describe('a late call that rejects', () => {
  test.each(['logger-rejects', 'tracer-rejects', 'redact-rejects'])(
    'neither exits the process nor keeps a handler from running: %s',
    async (scenario) => {
      const program = new OutputProgram(scenario);
      await program.booted();
      program.ask('SIGTERM');
      expect(await program.ended).toMatchObject({ code: 0 });
      expect(program.fate).toEqual(['closed', 'hook', 'exit 0']);
    },
  );
});

describe('the last line of a process that is forced to exit', () => {
  const LINE = 'the process is kept alive by 1 × Timeout: ending it now.';

  test.each([
    ["is printed once by Nest's Logger", 'kept-alive', 1],
    ["is on standard error if Nest's Logger is silent", 'kept-alive-unheard', 1],
    ['goes to the custom logger and to standard error', 'kept-alive-custom', 2],
    ['is omitted with logger: false', 'kept-alive-silent', 0],
  ])('%s', async (_, scenario, count) => {
    const program = new OutputProgram(scenario);
    await program.booted();
    program.ask('SIGTERM');
    expect(await program.ended).toMatchObject({ code: 0 });
    expect(times(program.output, LINE)).toBe(count);
  });
});
