// Stops the same app with five other packages and with ours, and counts what its clients see.
// Run it: npm run build && npx tsc -p sample && node build/sample/09-migrating/main.js
// Expect: a line for each package before and after, no failure after, and `migrating: ok`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { placeOrders, type Seen } from './load.js';

/** Whether orders fail before, by design of the package and not by chance. */
const MEANS = {
  'nest-hooks': 'fails',
  'nestjs-terminus': 'fails',
  'nestjs-graceful-shutdown': 'may fail',
  lightship: 'fails',
  'godaddy-terminus': 'may fail',
} as const;
const CLIENTS = 20;
/** Milliseconds under load before the signal. */
const WARM_UP = 300;
/** The longest that an app may take to start, in milliseconds. */
const START_LIMIT = 30_000;
/** The longest that it may take to exit before it is killed, in milliseconds. */
const LIMIT = 6_000;

interface Stopped extends Seen {
  readonly exit: number | string;
  readonly exitMs: number;
}

const wrong: string[] = [];
console.log(row('', 'answered', 'failed', 'exit', 'after'));
for (const [means, before] of Object.entries(MEANS)) {
  for (const side of ['before', 'after'] as const) {
    const { answered, failures, exit, exitMs } = await stopUnderLoad(`${means}/${side}.js`);
    const kinds = [...new Set(failures)].join(', ');
    console.log(row(`${means}, ${side}`, answered, failures.length, exit, `${exitMs} ms`), kinds);
    const isAsExpected =
      side === 'after' ? failures.length === 0 && exit === 0 : failures.length > 0 || before === 'may fail';
    if (!isAsExpected || answered === 0) wrong.push(`${means}, ${side}`);
  }
}
console.log(`\nmigrating: ${wrong.length === 0 ? 'ok' : `failed, see ${wrong.join('; ')}`}`);
if (wrong.length > 0) process.exitCode = 1;

async function stopUnderLoad(file: string): Promise<Stopped> {
  const { KUBERNETES_SERVICE_HOST: _, ...env } = process.env;
  const port = await freePort();
  const program = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url))], {
    env: { ...env, PORT: String(port), PROBES_PORT: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // Its log contains every failed order, so it is printed only if the app does not start.
  let log = '';
  program.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = `${log}${text}`.slice(-2_000);
  });
  const kill = (): void => void program.kill('SIGKILL');
  process.once('exit', kill);
  const url = `http://127.0.0.1:${port}`;
  if (!(await answers(url))) throw new Error(`${file} does not answer within ${START_LIMIT} ms\n${log}`);
  const load = placeOrders(url, CLIENTS);
  await load.warm;
  await sleep(WARM_UP);
  const startedAt = Date.now();
  const limit = setTimeout(kill, LIMIT);
  program.kill('SIGTERM');
  const [code, signal] = await once(program, 'exit');
  clearTimeout(limit);
  process.off('exit', kill);
  return { ...(await load.seen), exit: code ?? signal, exitMs: Date.now() - startedAt };
}

/** A free port. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Waits until the app answers, and returns whether it does. */
async function answers(url: string): Promise<boolean> {
  for (const until = Date.now() + START_LIMIT; Date.now() < until; await sleep(50)) {
    const response = await fetch(url).catch(() => undefined);
    if (response === undefined) continue;
    // Any status will do.
    await response.body?.cancel();
    return true;
  }
  return false;
}

function row(name: string, ...cells: readonly (string | number)[]): string {
  return [name.padEnd(34), ...cells.map((cell) => String(cell).padStart(10))].join('');
}
