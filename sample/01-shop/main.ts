// Stops a Nest shop with PostgreSQL under load: no order is lost, and none is published twice.
// Run it: npm start (DATABASE_URL=postgres://… puts its tables on a real server).
// Expect: the timeline of the shutdown, the counts of both sides, `demo: ok` and exit code 0.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { acceptedIn, checkEnd, checkRequests, checkStored, type Check } from './check.js';
import type { LoadMessage, ShopMessage } from './messages.js';
import { Program } from './program.js';

const directory = await mkdtemp(join(tmpdir(), 'shop-'));
try {
  console.log('— The shop starts —\n');
  using shop = new Program<ShopMessage>('shop.js', { env: { SHOP_DIRECTORY: directory } });
  const { url } = await shop.told('listening');

  console.log('\n— It listens. Clients order for two seconds, then comes SIGTERM —\n');
  using load = new Program<LoadMessage>('load.js', { args: [url] });
  await sleep(2_000);
  const signalAt = Date.now();
  shop.kill('SIGTERM');
  const exitCode = await shop.ended;
  const took = Date.now() - signalAt;

  const { requests } = await load.told('stopped');
  const { outcome } = await shop.told('shut-down');
  const accepted = acceptedIn(requests);
  const isGood = [
    print('What the clients saw', checkRequests(requests, signalAt)),
    print('What the shop left behind, read after its end', await checkStored(directory, accepted)),
    print('How the shop ended', checkEnd(outcome, exitCode)),
  ].every(Boolean);

  const ok = `ok, ${accepted.length} orders stored and published once, shut down in ${took} ms`;
  console.log(`\ndemo: ${isGood ? ok : 'failed, see the lines with NOT'}`);
  process.exitCode = isGood ? 0 : 1;
} finally {
  await rm(directory, { recursive: true });
}

/** Prints the checks, and returns whether all of them hold. */
function print(title: string, checks: readonly Check[]): boolean {
  console.log(`\n— ${title} —\n`);
  for (const { what, counted, holds, promise } of checks) {
    console.log(`${what.padEnd(22)} ${String(counted).padStart(10)}   ${holds ? 'ok ' : 'NOT'} ${promise}`);
  }
  return checks.every(({ holds }) => holds);
}
