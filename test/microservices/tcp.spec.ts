import { connect, type Server as NetServer } from 'node:net';
import { Controller } from '@nestjs/common';
import { ClientTCP, EventPattern, MessagePattern, ServerTCP, TcpSocket } from '@nestjs/microservices';
import { lastValueFrom, Subject } from 'rxjs';
import { CERTIFICATE } from '../http/certificate.js';
import { InFlightWork } from '../../lib/index.js';
import { taskReport } from '../nest/application.js';
import { freePort } from '../services/balancer.js';
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

describe.each(['plain', 'tls'] as const)('a TCP connection (%s)', (tls) => {
  test('closes after its calls are answered', async () => {
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

  test('refuses a call during the drain with an error that is safe to retry', async () => {
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

  test('is cut if its call is not answered in time, and the report names the call', async () => {
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

test('a TCP peer without a TLS handshake does not block the drain', async () => {
  const { listener, port, shutdown } = await boot({ tls: 'tls' });
  const silent = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  closing.push(() => silent.destroy());
  while ((await connections(listener)) < 2) await new Promise((resolve) => setImmediate(resolve));
  expect(taskReport(await shutdown.run('a test'), NAME)).toMatchObject({
    outcome: 'completed',
    durationMs: 0,
  });
});

/** Messages of another shape: `{ id, type }` is an event, `{ corr, ask }` a call. */
const foreign = {
  deserialize: async (raw: { ask?: string; type?: string; corr?: string }) => {
    await new Promise((resolve) => setImmediate(resolve));
    return raw.ask === undefined
      ? { pattern: raw.type, data: raw, id: undefined }
      : { pattern: raw.ask, data: raw, id: raw.corr };
  },
};

const shouting = {
  serialize: ({ id, err, response, isDisposed }: Record<string, unknown>) => ({
    CORR: id,
    ERR: err,
    RESPONSE: response,
    LAST: isDisposed,
  }),
};

/** Frames of its own: a JSON in each line. */
class LineSocket extends TcpSocket {
  override handleSend(message: unknown): void {
    this.socket.write(`${JSON.stringify(message)}\n`);
  }

  override handleData(data: Buffer): void {
    for (const line of String(data).split('\n')) if (line !== '') this.emitMessage(line);
  }
}

describe('TCP messages of another shape', () => {
  /** An application that takes them, and a peer. */
  async function foreignPeer() {
    const server = new ServerTCP({
      host: '127.0.0.1',
      port: 0,
      deserializer: foreign as never,
      serializer: shouting,
      socketClass: LineSocket as never,
    });
    const handled: unknown[] = [];
    @Controller()
    class Events {
      @EventPattern('created')
      created(data: { id: number }): void {
        handled.push(data.id);
      }
    }
    const booted = await bootWith([server], { controllers: [Work, Events] });
    closing.push(() => booted.app.close());
    const address = server.unwrap<NetServer>().address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const peer = connect({ port, host: '127.0.0.1' });
    closing.push(() => peer.destroy());
    let received = '';
    peer.on('data', (data) => (received += String(data)));
    const send = (message: object): unknown => peer.write(`${JSON.stringify(message)}\n`);
    const until = async (text: string): Promise<void> => {
      while (!received.includes(text)) await new Promise((resolve) => setImmediate(resolve));
    };
    return { ...booted, send, until, handled };
  }

  test('are recognised after the deserializer, and refused through the serializer', async () => {
    const { clock, shutdown, send, until, handled } = await foreignPeer();
    send({ corr: 'a', ask: 'answer' });
    await lastValueFrom(started, { defaultValue: undefined });
    const run = shutdown.run('a test');
    await clock.advance(0);
    send({ id: 1, type: 'created' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    send({ corr: 'b', ask: 'answer' });
    await until('"CORR":"b"');
    gate.next(7);
    gate.complete();
    await until('"CORR":"a"');
    await run;
    expect(handled).toEqual([1]);
  });
});

describe('an app that calls itself over TCP', () => {
  class Shop {
    constructor(readonly client: ClientTCP) {}
  }

  async function bootShop() {
    const port = await freePort();
    const server = new ServerTCP({ host: '127.0.0.1', port });
    const client = new ClientTCP({ host: '127.0.0.1', port });
    const outside = new ClientTCP({ host: '127.0.0.1', port });
    closing.push(
      () => client.close(),
      () => outside.close(),
    );
    const booted = await bootWith([server], {
      controllers: [Work],
      providers: [{ provide: Shop, useFactory: () => new Shop(client) }],
    });
    closing.push(() => booted.app.close());
    await outside.connect();
    return { ...booted, client, outside, listener: server.unwrap<NetServer>() };
  }

  test('is served by its own server until its work ends, while outside calls are refused', async () => {
    const { app, client, outside, listener, shutdown } = await bootShop();
    const end = app.get(InFlightWork).begin('an order');
    const run = shutdown.run('a test');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(lastValueFrom(outside.send('answer', {}))).rejects.toMatchObject({ status: 'draining' });
    // It was not connected before.
    const { answer } = await called(client);
    gate.next(7);
    gate.complete();
    expect(await answer).toBe(7);
    expect(listener.listening).toBe(true);
    end();
    await run;
    expect(listener.listening).toBe(false);
  });

  test('stops its server early enough to finish accepted messages if its work does not end', async () => {
    const { app, clock, listener, shutdown } = await bootShop();
    const end = app.get(InFlightWork).begin('an order');
    const run = shutdown.run('a test');
    await clock.advance(13_900);
    await new Promise((resolve) => setImmediate(resolve));
    expect(listener.listening).toBe(true);
    await clock.advance(200);
    expect(listener.listening).toBe(false);
    while (taskReport(shutdown.report, NAME)?.outcome === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    end();
    expect(taskReport(await run, NAME)).toMatchObject({ outcome: 'completed' });
  });

  test('stops its server at once if none of its own work is in flight', async () => {
    const { listener, shutdown } = await bootShop();
    const run = shutdown.run('a test');
    expect(taskReport(await run, NAME)).toMatchObject({ outcome: 'completed', durationMs: 0 });
    expect(listener.listening).toBe(false);
  });
});
