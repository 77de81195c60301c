// Restarts two instances in turn, under load. They take messages, jobs and socket calls, and run an interval.
// Run it: npm run build && npx tsc -p sample && node build/sample/07-workers/main.js [rounds, 2]
// Expect: a line for each restart, the timeline of the first one, the counts, and `workers: ok`.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { forget, missingBrokers } from './brokers.js';
import { Instances, type Stopped } from './instances.js';
import type { LoadMessage } from './messages.js';
import { Program } from './program.js';
import { faultsIn, tally, type Tally } from './tally.js';

const PORTS = ['8701', '8702'];
/** Milliseconds under load between two restarts. */
const BUSY = 800;
/** The longest that a round may take, in milliseconds. */
const ROUND_LIMIT = 30_000;
/** The longest that the queues may take to empty when nothing more is sent, in milliseconds. */
const BACKLOG_LIMIT = 10_000;

/** The result. */
interface Outcome {
  readonly counts: readonly Tally[];
  readonly restarts: readonly Stopped[];
  /** The instances that ran to the end. */
  readonly last: readonly Stopped[];
  readonly resent: number;
}

const missing = await missingBrokers();
for (const { name, port, install } of missing) {
  console.log(
    `This sample needs ${name} on 127.0.0.1:${port}. On Debian and Ubuntu: apt-get install ${install}`,
  );
}
if (missing.length > 0) {
  console.log(`skipped: not running: ${missing.map(({ name }) => name).join(', ')}`);
  // In CI a skipped sample must not look as if it had run.
  if (process.env['CI'] === 'true') process.exitCode = 1;
} else {
  const run = `workers-${randomUUID().slice(0, 8)}`;
  try {
    const wrong = judge(await restartAll(run, Number(process.argv[2] ?? 2)));
    if (wrong.length > 0) throw new Error(wrong.join('; '));
  } catch (error) {
    console.log(`workers: failed, ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  } finally {
    await forget(run);
  }
}

async function restartAll(run: string, rounds: number): Promise<Outcome> {
  setTimeout(tooLate, (rounds + 1) * ROUND_LIMIT).unref();
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  using instances = new Instances(run, PORTS);
  await instances.start();
  using load = new Program<LoadMessage>('load.js', [run, ...PORTS]);
  await load.told('started');

  const restarts: Stopped[] = [];
  console.log(row('', 'instance', 'finished', 'took', 'exit'));
  for (let round = 1; round <= rounds; round += 1) {
    for (const port of PORTS) {
      await sleep(BUSY, undefined, { signal: interrupted.signal });
      const stopped = await instances.restart(port);
      const { finished, ms, exitCode } = stopped;
      console.log(row(`round ${round}`, port, finished, `${ms} ms`, exitCode));
      restarts.push(stopped);
    }
  }

  load.ask('stop');
  const { resent } = await load.told('stopped');
  const counted = (): readonly Tally[] => tally([...load.messages, ...instances.told]);
  await allDone(counted);
  const last = await instances.stop();
  return { counts: counted(), restarts, last, resent };
}

/** Resolves when everything that was sent is done, or takes too long. */
async function allDone(counted: () => readonly Tally[]): Promise<void> {
  const until = Date.now() + BACKLOG_LIMIT;
  // A run of the interval is always in progress.
  while (counted().some(({ work, lost }) => work !== 'runs' && lost > 0) && Date.now() < until) {
    await sleep(50);
  }
}

/** Prints the result, and returns what is wrong. */
function judge({ counts, restarts, last, resent }: Outcome): readonly string[] {
  console.log(`\n${restarts[0]?.timeline ?? ''}\n`);
  console.log(row('', 'sent', 'done', 'twice', 'lost', 'errors'));
  for (const { work, sent, done, twice, lost, errors } of counts) {
    console.log(row(work, sent, done, twice, lost, errors.length));
  }
  console.log('');
  const unclean = [...restarts, ...last].filter(({ exitCode }) => exitCode !== 0);
  const wrong = [
    ...(restarts.length === 0 ? ['nothing was restarted'] : []),
    ...faultsIn(counts),
    ...unclean.map(({ port, exitCode }) => `the instance on ${port} ended with ${String(exitCode)}`),
    ...restarts.flatMap(({ port, finished }) => (finished === 0 ? [`${port} had nothing to finish`] : [])),
  ];
  if (wrong.length === 0) {
    console.log(`workers: ok, ${restarts.length} restarts, ${resent} socket calls were sent again`);
  }
  return wrong;
}

function tooLate(): void {
  console.log('workers: failed, it takes too long');
  process.exit(1);
}

function row(...[first, ...cells]: readonly unknown[]): string {
  return String(first).padEnd(14) + cells.map((cell) => String(cell).padStart(10)).join('');
}
