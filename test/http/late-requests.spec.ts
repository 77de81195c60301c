import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DrainedServer } from '../../lib/http/drained-server.js';
import type { HttpSettings } from '../../lib/http/http.options.js';
import { RawClient } from './raw-client.js';
import { Desk, HTTP1, portOf, serve } from './servers.js';

const GRACE = 300;

/** Drains once the client's connection is open and idle, and resolves when late requests are refused. */
async function drainBesideIdle(drained: DrainedServer): Promise<() => Promise<void>> {
  const drain = drained.drain(GRACE);
  while (drained.server.listening) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  return () => drain;
}

const REJECT: Partial<HttpSettings> = { late: 'reject', serve: ['/now/health'] };

describe.each(HTTP1)("with late: 'reject', a node:%s server", (kind, create) => {
  test('answers a request that arrives during the drain with 503', async () => {
    const drained = await serve(create(new Desk().handler), REJECT);
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/now');
    await client.received('/now');
    const ended = await drainBesideIdle(drained);
    client.get('/now/late');

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([{ status: 200 }, { status: 503, connection: 'close', body: '' }]);
    expect(client.answers[1]?.head).toMatch(
      /^HTTP\/1\.1 503 Service Unavailable\r\n(.|\r\n)*Retry-After: 1\b/,
    );
    await ended();
  });

  test('refuses nothing before the drain', async () => {
    const drained = await serve(create(new Desk().handler), REJECT);
    const client = await RawClient.connect(kind, portOf(drained.server));
    drained.leave();
    client.get('/now/leaving');

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([{ status: 200, connection: 'close' }]);
    await drained.drain(0);
  });

  test('serves the paths in `serve` until the end', async () => {
    const drained = await serve(create(new Desk().handler), REJECT);
    const client = await RawClient.connect(kind, portOf(drained.server));
    const ended = await drainBesideIdle(drained);
    client.get('/now/health?full=1');

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([{ status: 200, connection: 'close', body: '/now/health?full=1' }]);
    await ended();
  });

  test('answers the request in flight, and then a late one on the same connection', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler), REJECT);
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/a');
    await desk.arrived('/a');
    const ended = await drainBesideIdle(drained);
    client.get('/now/late');
    await once(drained.server, 'request');
    await desk.answer('/a');

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([
      { status: 200, body: '/a' },
      { status: 503, connection: 'close' },
    ]);
    await ended();
  });

  test('refuses a late upload that expects 100, before its body is sent', async () => {
    const server = create(new Desk().handler);
    const seen: string[] = [];
    server.on('checkContinue', (_: IncomingMessage, response: ServerResponse) => {
      seen.push('checkContinue');
      response.end();
    });
    const drained = await serve(server, REJECT);
    const client = await RawClient.connect(kind, portOf(server));
    const ended = await drainBesideIdle(drained);
    client.send('POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n');

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([{ status: 503, connection: 'close' }]);
    expect(seen).toEqual([]);
    await ended();
  });

  test('lets the client of a late upload read the 503', async () => {
    const drained = await serve(create(new Desk().handler), REJECT);
    const client = await RawClient.connect(kind, portOf(drained.server));
    const ended = await drainBesideIdle(drained);
    client.send(`POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n`);
    client.send('x'.repeat(4_000_000));

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([{ status: 503, connection: 'close' }]);
    await ended();
  });
});
