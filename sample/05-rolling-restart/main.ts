// Restarts three instances behind a real nginx one after the other, under load: no request fails.
// Run it: npm run build && npx tsc -p sample && node build/sample/05-rolling-restart/main.js [rounds, 4]
// Expect: a line for each round (6 s, each instance restarts once), and `rolling restart: ok`.
import { setTimeout as sleep } from 'node:timers/promises';
import { Instances } from './instances.js';
import type { Counted, LoadMessage } from './messages.js';
import { Nginx } from './nginx.js';
import { Program } from './program.js';

/** The longest that a round may take, in milliseconds. */
const ROUND_LIMIT = 20_000;
/** Milliseconds between two probes of the monitor. */
const MONITOR_INTERVAL = 10;

if (Nginx.isInstalled) {
  // If this process ends, the processes that it started end too.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  process.exitCode = (await restartAll(Number(process.argv[2] ?? 4))) ? 0 : 1;
} else {
  console.log('This sample needs nginx. On Debian and Ubuntu: apt-get install nginx-light');
  console.log('skipped: nginx is not installed');
  // In CI a skipped sample must not look as if it had run.
  if (process.env['CI'] === 'true') process.exitCode = 1;
}

async function restartAll(rounds: number): Promise<boolean> {
  const limit = setTimeout(tooLate, (rounds + 1) * ROUND_LIMIT);
  // Before nginx: its first request would mark instances that do not listen as failed.
  const instances = new Instances(Nginx.ports);
  await instances.start();
  const nginx = new Nginx();
  await nginx.started();
  const monitoring = new AbortController();
  const monitored = monitor(`${nginx.url}/readyz`, monitoring.signal);
  const load = new Program<LoadMessage>('load.js', nginx.url);
  await instances.found();

  const all: Counted[] = [];
  console.log(row('round', 'requests', 'orders', 'ok', 'failed', 'moved on', 'slowest', 'took'));
  for (let round = 1; round <= rounds; round += 1) {
    const startedAt = Date.now();
    for (const port of instances.ports) await instances.restart(port);
    load.ask('count');
    const { counted } = await load.told('counted');
    all.push(counted);
    const { sent, orders, ok, failures, movedOn, slowestMs } = counted;
    const took = Date.now() - startedAt;
    console.log(row(round, sent, orders, ok, failures.length, movedOn, `${slowestMs} ms`, `${took} ms`));
  }

  load.ask('stop');
  all.push((await load.told('stopped')).counted);
  monitoring.abort();
  await monitored;
  await instances.stop();
  await nginx.stop();
  clearTimeout(limit);
  return judge(all, instances, nginx);
}

/** Prints the result. After a failure it also prints what the clients and nginx saw. */
function judge(all: readonly Counted[], instances: Instances, nginx: Nginx): boolean {
  const sum = (of: (counted: Counted) => number): number => all.reduce((total, each) => total + of(each), 0);
  const failures = all.flatMap((each) => each.failures);
  const orders = sum((each) => each.orders);
  const wrong = [...instances.unclean];
  if (instances.taken !== orders) {
    wrong.push(`${orders} orders were answered, and ${instances.taken} were taken`);
  }
  if (failures.length > 0) {
    console.log(`\nWhat the clients saw:\n${failures.join('\n')}`);
    console.log(`\nWhat nginx says:\n${nginx.errors.join('\n')}`);
  }
  const isGood = failures.length === 0 && wrong.length === 0;
  const counts = `${sum(({ sent }) => sent)} requests, ${failures.length} failed, ${instances.restarts} restarts`;
  console.log(`\nrolling restart: ${[isGood ? 'ok' : 'failed', counts, ...wrong].join(', ')}`);
  return isGood;
}

/** Probes readiness through nginx, so that nginx notices an instance that is about to leave. */
async function monitor(url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    await sleep(MONITOR_INTERVAL);
  }
}

function tooLate(): void {
  console.log('rolling restart: failed, it takes too long');
  process.exit(1);
}

function row(...cells: readonly (string | number)[]): string {
  return cells.map((cell) => String(cell).padStart(10)).join('');
}
