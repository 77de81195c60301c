import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The file in the source folder, seen from the compiled program. */
const CONFIG = fileURLToPath(new URL('../../../sample/05-rolling-restart/nginx.conf', import.meta.url));
const START_LIMIT = 5_000;

/** A real nginx with the configuration of this folder. It writes only to a temporary folder. */
export class Nginx {
  static get isInstalled(): boolean {
    return spawnSync('nginx', ['-v']).error === undefined;
  }

  /** The ports of the instances in the configuration. */
  static get ports(): readonly string[] {
    return Array.from(readFileSync(CONFIG, 'utf8').matchAll(/server \S+:(\d+)/g), ([, port = '']) => port);
  }

  readonly url = `http://${/listen (\S+);/.exec(readFileSync(CONFIG, 'utf8'))?.[1]}`;
  readonly #prefix = mkdtempSync(join(tmpdir(), 'rolling-restart-'));
  readonly #process: ChildProcess;

  constructor() {
    this.#process = spawn('nginx', ['-e', 'stderr', '-p', this.#prefix, '-c', CONFIG], { stdio: 'inherit' });
    process.once('exit', () => {
      // SIGKILL would leave the workers behind.
      this.#process.kill('SIGTERM');
      rmSync(this.#prefix, { recursive: true, force: true });
    });
  }

  /** Resolves when nginx answers. */
  async started(): Promise<void> {
    const until = Date.now() + START_LIMIT;
    while (!(await fetch(this.url).catch(() => undefined))) {
      if (this.#process.exitCode !== null)
        throw new Error('nginx did not start: is one of its ports in use?');
      if (Date.now() > until) throw new Error('nginx does not answer');
      await sleep(20);
    }
  }

  /** The errors that nginx logged, without refused connections that it moved to the next instance. */
  get errors(): readonly string[] {
    const lines = readFileSync(join(this.#prefix, 'error.log'), 'utf8').split('\n');
    return lines.filter((line) => line.includes('[error]') && !line.includes('Connection refused'));
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGQUIT');
    if (this.#process.exitCode === null) await once(this.#process, 'exit');
  }
}
