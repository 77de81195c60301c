// The same application, stopped by five other means and by ours, with clients on it: what they see.
// Run it: npm run build && npx tsc -p sample && node build/sample/09-migrating/main.js
// Expect: a line for each means before and after, no failure after, and `migrating: ok`.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { placeOrders, type Seen } from './load.js';

const MEANS = ['nest-hooks', 'nestjs-terminus', 'nestjs-graceful-shutdown', 'lightship', 'godaddy-terminus'];
const CLIENTS = 20;
/** Milliseconds under load before the signal. */
const WARM_UP = 500;
/** Milliseconds that an application may take to end before it is killed. */
const LIMIT = 4_000;

interface Stopped extends Seen {
  readonly exit: number | string;
  readonly exitMs: number;
}

const wrong: string[] = [];
console.log(row('', 'answered', 'failed', 'exit', 'after'));
for (const means of MEANS) {
  for (const side of ['before', 'after'] as const) {
    const { answered, failures, exit, exitMs } = await stopUnderLoad(`${means}/${side}.js`);
    const kinds = [...new Set(failures)].join(', ');
    console.log(row(`${means}, ${side}`, answered, failures.length, exit, `${exitMs} ms`), kinds);
    if (side === 'after' && (failures.length > 0 || exit !== 0)) wrong.push(means);
  }
}
console.log(`\nmigrating: ${wrong.length === 0 ? 'ok' : `failed, see ${wrong.join(', ')}`}`);
if (wrong.length > 0) process.exitCode = 1;

async function stopUnderLoad(file: string): Promise<Stopped> {
  const { KUBERNETES_SERVICE_HOST: _, ...env } = process.env;
  const program = fork(new URL(file, import.meta.url), {
    env,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const kill = (): void => void program.kill('SIGKILL');
  process.once('exit', kill);
  const [{ url }] = await once(program, 'message');
  const seen = placeOrders(url, CLIENTS);
  await sleep(WARM_UP);
  const startedAt = Date.now();
  const limit = setTimeout(kill, LIMIT);
  program.kill('SIGTERM');
  const [code, signal] = await once(program, 'exit');
  clearTimeout(limit);
  process.off('exit', kill);
  return { ...(await seen), exit: code ?? signal, exitMs: Date.now() - startedAt };
}

function row(name: string, ...cells: readonly (string | number)[]): string {
  return [name.padEnd(34), ...cells.map((cell) => String(cell).padStart(10))].join('');
}
