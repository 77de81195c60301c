import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { playClient, type ClientResult } from './clients.js';
import { of, readJournal, sketchOf, type Entry, type ReportSketch } from './journal.js';
import type { Scenario, Trigger } from './scenario.js';

/** Everything that is known of a process that has ended. */
export interface Observation {
  readonly scenario: Scenario;
  readonly entries: readonly Entry[];
  readonly code: number | null;
  readonly signal: string | null;
  /** It was killed by the driver, long after its time. */
  readonly overdue: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** When the driver sent which trigger. */
  readonly sent: readonly { readonly trigger: number; readonly at: number }[];
  readonly exitedAt: number;
  readonly stored: ReportSketch | 'none' | 'unreadable';
  readonly clients: readonly ClientResult[];
}

/** Milliseconds that a busy machine may take beyond the grace period. */
export const SLACK = 5_000;

/** How long a process may take to start, on a machine that is busy with others. */
const START_LIMIT = 120_000;

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Milliseconds since the epoch, on the clock that the program's journal is on. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Runs the process of a scenario to its end, and triggers it from outside. */
export async function observe(scenario: Scenario, folder: string): Promise<Observation> {
  const watched = new WatchedProcess(scenario, folder);
  try {
    return await watched.observation();
  } finally {
    watched.cleanUp();
  }
}

class WatchedProcess {
  readonly #paths: { readonly scenario: string; readonly journal: string; readonly report: string };
  readonly #child: ChildProcess;
  readonly #sent: { readonly trigger: number; readonly at: number }[] = [];
  readonly #clients: Promise<ClientResult>[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #kill: NodeJS.Timeout | undefined;
  #overdue = false;
  #seen = new Set<string>();
  #output = { stdout: '', stderr: '' };

  constructor(
    private readonly scenario: Scenario,
    folder: string,
  ) {
    const name = join(folder, `${scenario.seed}-${scenario.index}`);
    this.#paths = { scenario: `${name}.json`, journal: `${name}.journal`, report: `${name}-report.json` };
    this.cleanUp();
    writeFileSync(this.#paths.scenario, JSON.stringify(scenario));
    writeFileSync(this.#paths.journal, '');
    const { KUBERNETES_SERVICE_HOST: _, ...env } = process.env;
    const { scenario: file, journal, report } = this.#paths;
    this.#child = spawn(
      process.execPath,
      [`build/nest-${scenario.major}/random/programs/subject.js`, file, journal, report],
      {
        cwd: ROOT,
        env: { ...env, NO_COLOR: '1' },
        stdio: ['ignore', 'pipe', 'pipe', ...(scenario.options.ipc ? (['ipc'] as const) : [])],
      },
    );
    // The reader that is gone makes itself known here as well.
    this.#child.on('error', () => undefined);
    for (const stream of ['stdout', 'stderr'] as const) {
      this.#child[stream]?.setEncoding('utf8').on('data', (text: string) => (this.#output[stream] += text));
    }
  }

  async observation(): Promise<Observation> {
    const poll = setInterval(() => this.#look(), 10);
    this.#killAfter(START_LIMIT);
    let exitedAt = 0;
    this.#child.once('exit', () => (exitedAt = now()));
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
      this.#child.once('close', (...how) => resolve(how));
    });
    clearInterval(poll);
    for (const timer of [...this.#timers, this.#kill]) clearTimeout(timer);
    return {
      scenario: this.scenario,
      entries: this.#entries(),
      code,
      signal,
      overdue: this.#overdue,
      ...this.#output,
      sent: this.#sent,
      exitedAt,
      stored: this.#stored(),
      clients: await Promise.all(this.#clients),
    };
  }

  cleanUp(): void {
    for (const path of Object.values(this.#paths)) rmSync(path, { force: true });
  }

  #entries(): readonly Entry[] {
    return readJournal(readFileSync(this.#paths.journal, 'utf8'));
  }

  #stored(): Observation['stored'] {
    if (!existsSync(this.#paths.report)) return 'none';
    try {
      return sketchOf(JSON.parse(readFileSync(this.#paths.report, 'utf8')));
    } catch {
      return 'unreadable';
    }
  }

  /** Looks for what the program has written, until all that is sent from outside is under way. */
  #look(): void {
    if (this.#seen.has('asked') && this.#seen.has('up')) return;
    for (const entry of this.#entries()) {
      if (entry.what === 'enabled' && this.#isNew('enabled')) this.#sendAll('boot', entry.at);
      if (entry.what === 'up' && this.#isNew('up')) {
        this.#sendAll('up', entry.at);
        this.#play(entry);
      }
      if (this.#mayLoseReader(entry)) this.#child.stdout?.destroy();
      if (
        (entry.what === 'asked' || (entry.what === 'run' && entry.step === 'started')) &&
        this.#isNew('asked')
      ) {
        this.#limit();
      }
    }
  }

  #isNew(moment: string): boolean {
    if (this.#seen.has(moment)) return false;
    this.#seen.add(moment);
    return true;
  }

  /** Whether the reader of standard output may go now: before a shutdown begins, a line that is lost ends any app. */
  #mayLoseReader({ what }: Entry): boolean {
    if (!this.scenario.stdoutGone) return false;
    const hasPlan = this.scenario.logger !== 'nest' || this.#output.stdout.includes('The shutdown plan:');
    return (what === 'up' && hasPlan) || what === 'run';
  }

  #sendAll(since: Trigger['since'], from: number): void {
    this.scenario.triggers.forEach((trigger, index) => {
      if (trigger.since !== since || (trigger.what !== 'signal' && trigger.what !== 'message')) return;
      this.#later(from + trigger.ms, () => {
        this.#sent.push({ trigger: index, at: now() });
        this.#limit();
        if (trigger.what === 'signal') this.#child.kill(trigger.signal);
        else if (this.#child.connected) this.#child.send('shutdown', () => undefined);
      });
    });
  }

  #play({ http, tcp }: { readonly http?: number; readonly tcp?: number }): void {
    const [up] = of(this.#entries(), 'up');
    const ports = { ...(http === undefined ? {} : { http }), ...(tcp === undefined ? {} : { tcp }) };
    for (const client of this.scenario.clients) {
      this.#clients.push(
        new Promise((resolve) => {
          this.#later((up?.at ?? now()) + client.ms, () => resolve(playClient(client, ports)));
          // One whose turn has not come when the process ends is not played.
          this.#child.once('close', () =>
            resolve({ id: client.id, kind: client.kind, answers: 0, looksComplete: false, error: 'late' }),
          );
        }),
      );
    }
  }

  #later(at: number, act: () => void): void {
    this.#timers.push(setTimeout(act, at - now()));
  }

  /** From the first trigger on, the process has its grace period. */
  #limit(): void {
    if (!this.#isNew('limited')) return;
    clearTimeout(this.#kill);
    const last = Math.max(...this.scenario.triggers.map(({ ms }) => ms));
    this.#killAfter(last + this.scenario.options.gracePeriod + SLACK + 2_000);
  }

  #killAfter(ms: number): void {
    this.#kill = setTimeout(() => {
      this.#overdue = true;
      this.#child.kill('SIGKILL');
    }, ms);
  }
}
