import { connect, type Server as NetServer } from 'node:net';
import { Controller } from '@nestjs/common';
import { ClientTCP, MessagePattern, ServerTCP } from '@nestjs/microservices';
import { lastValueFrom, Subject } from 'rxjs';
import { CERTIFICATE } from '../http/certificate.js';
import { taskReport } from '../nest/application.js';
import { bootWith } from './pigeons.js';

const NAME = 'MicroserviceDrain (TCP)';

/** What the handler waits for. */
let gate = new Subject<number>();
/** Completes when the handler has started. */
let started = new Subject<void>();

@Controller()
class Work {
  @MessagePattern('answer')
  answer(): Promise<number> {
    started.complete();
    return lastValueFrom(gate);
  }
}

const closing: (() => unknown)[] = [];

beforeEach(() => {
  gate = new Subject();
  started = new Subject();
});

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function boot({ tls }: { readonly tls: 'tls' | 'plain' }) {
  const options = { host: '127.0.0.1', ...(tls === 'tls' && { tlsOptions: CERTIFICATE }) };
  const server = new ServerTCP({ ...options, port: 0 });
  const booted = await bootWith([server], {
    controllers: [Work],
    shutdown: { phases: [{ name: 'drain', timeout: 1_500 }] },
  });
  closing.push(() => booted.app.close());
  const listener = server.unwrap<NetServer>();
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const client = new ClientTCP({
    host: '127.0.0.1',
    port,
    ...(tls === 'tls' && { tlsOptions: { ca: CERTIFICATE.cert, servername: 'localhost' } }),
  });
  closing.push(() => client.close());
  await client.connect();
  return { ...booted, client, listener, port };
}

/** Calls, and waits for the handler to start. */
async function called(client: ClientTCP): Promise<{ readonly answer: Promise<number> }> {
  const answer = lastValueFrom(client.send<number>('answer', {}));
  // Some are cut before anyone looks.
  answer.catch(() => undefined);
  await lastValueFrom(started, { defaultValue: undefined });
  return { answer };
}

const connections = (listener: NetServer): Promise<number> =>
  new Promise((resolve) => {
    listener.getConnections((_, count) => resolve(count));
  });

describe.each(['plain', 'tls'] as const)('a connection (%s)', (tls) => {
  test('is closed when what was called over it has been answered', async () => {
    const { clock, client, listener, shutdown } = await boot({ tls });
    const { answer } = await called(client);
    const run = shutdown.run('a test');
    await clock.advance(1_000);
    expect(shutdown.state.status).toBe('running');
    gate.next(7);
    gate.complete();
    expect(await answer).toBe(7);
    expect(taskReport(await run, NAME)).toMatchObject({ outcome: 'completed', durationMs: 1_000 });
    expect(await connections(listener)).toBe(0);
  });

  test('refuses a call that comes while it drains, with words that a client may retry on', async () => {
    const { clock, client, shutdown } = await boot({ tls });
    const { answer } = await called(client);
    const run = shutdown.run('a test');
    await clock.advance(0);
    await expect(lastValueFrom(client.send('answer', {}))).rejects.toMatchObject({ status: 'draining' });
    gate.next(7);
    gate.complete();
    expect(await answer).toBe(7);
    await run;
  });

  test('is cut when its call is not answered in time, which the report names', async () => {
    const { clock, client, shutdown } = await boot({ tls });
    const { answer } = await called(client);
    const report = await clock.runUntil(shutdown.run('a test'));
    expect(taskReport(report, NAME)).toMatchObject({
      outcome: 'timed-out',
      durationMs: 1_500,
      inFlight: [{ name: 'answer', ageMs: 1_500 }],
    });
    await expect(answer).rejects.toThrow('Connection closed');
    gate.complete();
  });
});

test('a peer that never began the handshake of TLS does not keep the drain', async () => {
  const { listener, port, shutdown } = await boot({ tls: 'tls' });
  const silent = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  closing.push(() => silent.destroy());
  while ((await connections(listener)) < 2) await new Promise((resolve) => setImmediate(resolve));
  expect(taskReport(await shutdown.run('a test'), NAME)).toMatchObject({
    outcome: 'completed',
    durationMs: 0,
  });
});
