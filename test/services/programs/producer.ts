// Sends numbers at a steady rate, until it has sent them all or is told to stop by SIGTERM: prints `sent 17`, then
// `ok 17` or `error 17 why`, and at last `done`.
import 'reflect-metadata';
import { identity, lastValueFrom, timeout } from 'rxjs';
import { retryRefused } from 'nestjs-phased-shutdown/microservices';
import { address, count, kind, patience, pause, rate, retries, say, transportName } from './scene.js';
import { senderNamed } from './transport.js';

const transport = await senderNamed(transportName);
const sender = await transport.sender(kind, address);
const told = new AbortController();
process.once('SIGTERM', () => told.abort());
say('started');

const answers: Promise<void>[] = [];
const startedAt = performance.now();
for (let n = 0; n < count && !told.signal.aborted; n += 1) {
  await pause(startedAt + (n * 1_000) / rate - performance.now());
  say(`sent ${n}`);
  answers.push(ask(n));
}
await Promise.all(answers);
await sender.close();
say('done');
process.exit();

async function ask(n: number): Promise<void> {
  try {
    // An event that nobody answers completes without a value.
    await lastValueFrom(sender.send(n).pipe(retries ? retryRefused() : identity, timeout(patience)), {
      defaultValue: undefined,
    });
    say(`ok ${n}`);
  } catch (error) {
    const text = error instanceof Error ? error.message : JSON.stringify(error);
    say(`error ${n} ${text}`);
  }
}
