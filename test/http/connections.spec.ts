import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectSecure } from 'node:tls';
import { DrainedServer } from '../../lib/http/drained-server.js';
import { RawClient } from './raw-client.js';
import { Desk, HTTP1, SETTINGS, listen, portOf, serve } from './servers.js';

const HALF = 'GET /now/half HTTP/1.1\r\nHo';
const REST = 'st: a\r\n\r\n';
/** Long enough for a request that is sent at once to arrive, on a busy machine too. */
const GRACE = 300;

/** Resolves when the server has stopped listening. */
async function closed(server: { listening: boolean }): Promise<void> {
  while (server.listening) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when the server has read so many bytes from its next connection. */
async function hasRead(
  server: NodeJS.EventEmitter,
  event: string,
  bytes: number,
): Promise<() => Promise<void>> {
  const accepted = once(server, event);
  return async () => {
    const [socket] = await accepted;
    while (socket.bytesRead < bytes) await new Promise((resolve) => setImmediate(resolve));
  };
}

describe.each(HTTP1)('the drain of a node:%s server', (kind, create) => {
  const accepted = kind === 'http' ? 'connection' : 'secureConnection';

  test('closes idle connections and those that never sent a byte', async () => {
    const drained = await serve(create(new Desk().handler));
    const port = portOf(drained.server);
    const clients = await Promise.all(Array.from({ length: 6 }, () => RawClient.connect(kind, port)));
    for (const client of clients.slice(3)) client.get('/now');
    await Promise.all(clients.slice(3).map((client) => client.received('/now')));
    await drained.drain(0);

    await Promise.all(clients.map(({ gone }) => gone));
    expect(clients.map(({ answers }) => answers.length)).toEqual([0, 0, 0, 1, 1, 1]);
  });

  test('closes a connection accepted before watch() once a request has made it known', async () => {
    const server = create(new Desk().handler);
    const port = await listen(server);
    const client = await RawClient.connect(kind, port);
    client.get('/now/1');
    await client.received('/now/1');
    const drained = new DrainedServer(server, SETTINGS);
    client.get('/now/2');
    await client.received('/now/2');
    await drained.drain(0);

    await client.gone;
    expect(client.answers.map(({ connection }) => connection)).toEqual(['keep-alive', 'keep-alive']);
  });

  test('answers the next request on an idle connection within the grace, with Connection: close', async () => {
    const drained = await serve(create(new Desk().handler));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/now/1');
    await client.received('/now/1');
    const drain = drained.drain(GRACE);
    await closed(drained.server);
    client.get('/now/2');

    expect(await client.gone).toBe('end');
    expect(client.answers.map(({ connection }) => connection)).toEqual(['keep-alive', 'close']);
    await drain;
  });

  test('answers the first request on a silent connection within the grace', async () => {
    const drained = await serve(create(new Desk().handler));
    const client = await RawClient.connect(kind, portOf(drained.server));
    const drain = drained.drain(GRACE);
    await closed(drained.server);
    client.get('/now');

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([{ status: 200, connection: 'close' }]);
    await drain;
  });

  test('waits for the rest of a first request that has arrived in part', async () => {
    const drained = await serve(create(new Desk().handler));
    const read = await hasRead(drained.server, accepted, HALF.length);
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.send(HALF);
    await read();
    const drain = drained.drain(0);
    await closed(drained.server);
    expect(drained.items).toMatchObject([{ name: '1 incomplete request' }]);
    client.send(REST);

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([{ status: 200, connection: 'close', body: '/now/half' }]);
    await drain;
  });

  test('waits for the rest of a later request that began before the drain and went on within the grace', async () => {
    const drained = await serve(create(new Desk().handler));
    const first = 'GET /now HTTP/1.1\r\nHost: a\r\n\r\n';
    const read = await hasRead(drained.server, accepted, first.length + HALF.length);
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.send(first);
    await client.received('/now');
    client.send(HALF);
    await read();
    const drain = drained.drain(GRACE);
    await closed(drained.server);
    client.send(REST.slice(0, 1));
    while (drained.items.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(drained.items).toMatchObject([{ name: '1 incomplete request' }]);
    await sleep(GRACE + 50);
    client.send(REST.slice(1));

    expect(await client.gone).toBe('end');
    expect(client.answers.at(-1)).toMatchObject({ status: 200, connection: 'close', body: '/now/half' });
    await drain;
  });

  test('waits for the rest of a request that began while a response was being sent', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler));
    const read = await hasRead(
      drained.server,
      accepted,
      'GET /a HTTP/1.1\r\nHost: a\r\n\r\n'.length + HALF.length,
    );
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/a');
    const response = await desk.arrived('/a');
    response.write('first,');
    const drain = drained.drain(0);
    client.send(HALF);
    await read();
    response.end('last');
    await client.received('last');
    await closed(drained.server);
    client.send(REST);

    expect(await client.gone).toBe('end');
    expect(client.answers.at(-1)).toMatchObject({ status: 200, connection: 'close', body: '/now/half' });
    await drain;
  });

  test('severs and counts incomplete requests that stall', async () => {
    const drained = await serve(create(new Desk().handler));
    const port = portOf(drained.server);
    const clients = await Promise.all(Array.from({ length: 3 }, () => RawClient.connect(kind, port)));
    for (const client of clients) client.send(HALF);
    const name = '3 incomplete requests';
    drained.leave();
    while (drained.items[0]?.name !== name) await new Promise((resolve) => setImmediate(resolve));
    const drain = drained.drain(0);
    await closed(drained.server);
    expect(drained.items).toMatchObject([{ name }]);
    drained.sever();
    await drain;

    await Promise.all(clients.map(({ gone }) => gone));
    expect(clients.map(({ text }) => text)).toEqual(['', '', '']);
  });

  test('answers a half-closed client if the server allows half-open connections', async () => {
    const desk = new Desk();
    const server = create(desk.handler);
    Reflect.set(server, 'httpAllowHalfOpen', true);
    const drained = await serve(server);
    const client = await RawClient.connect(kind, portOf(server), { allowHalfOpen: true });
    client.get('/a');
    await desk.arrived('/a');
    client.socket.end();
    const drain = drained.drain(0);
    await desk.answer('/a');
    await drain;

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([{ status: 200, connection: 'close', body: '/a' }]);
  });

  test('does not wait for a half-closed client if the server forbids half-open connections', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler));
    const client = await RawClient.connect(kind, portOf(drained.server), { allowHalfOpen: true });
    client.get('/a');
    await desk.arrived('/a');
    client.socket.end();
    await drained.drain(0);

    expect(await client.gone).toBe('end');
    expect(client.text).toBe('');
  });

  test('accepts no new connection', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler));
    const port = portOf(drained.server);
    const client = await RawClient.connect(kind, port);
    client.get('/a');
    await desk.arrived('/a');
    const drain = drained.drain(0);
    await closed(drained.server);
    await expect(RawClient.connect(kind, port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await desk.answer('/a');
    await drain;
  });

  test('runs once: a second caller joins the first', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/a');
    await desk.arrived('/a');
    const ended: string[] = [];
    const drains = [
      drained.drain(0).then(() => ended.push('first')),
      drained.drain(0).then(() => ended.push('second')),
    ];
    await closed(drained.server);
    expect(ended).toEqual([]);
    await desk.answer('/a');
    await Promise.all(drains);
    expect(ended).toEqual(['first', 'second']);
  });

  test('ends at once if the server never listened', async () => {
    await expect(new DrainedServer(create(), SETTINGS).drain(10_000)).resolves.toBeUndefined();
  });

  test('waits for requests in flight on a server that was closed by someone else', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/a');
    await desk.arrived('/a');
    drained.server.close();
    const drain = drained.drain(0);
    expect(drained.items).toMatchObject([{ name: 'GET /a' }]);
    await desk.answer('/a');
    await drain;

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([{ status: 200, connection: 'close' }]);
  });
});

test('the drain accepts connections that the kernel has completed', async () => {
  const drained = await serve(createServer(new Desk().handler));
  const port = portOf(drained.server);
  const sockets = Array.from({ length: 20 }, () => connect(port, '127.0.0.1'));
  // One is accepted in a turn: when the first has been, the others stand in the queue.
  await once(drained.server, 'connection');
  const clients = sockets.map((socket) => {
    let text = '';
    socket.write('GET /now HTTP/1.1\r\nHost: a\r\n\r\n');
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return new Promise<string>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('close', () => resolve(text.slice(0, 12)));
    });
  });
  await drained.drain(GRACE);
  expect(await Promise.all(clients)).toEqual(sockets.map(() => 'HTTP/1.1 200'));
});

describe('the drain of a node:https server', () => {
  const createHttps = HTTP1[1]?.[1] ?? createServer;

  test('lets a running handshake finish within the grace, and answers its request', async () => {
    const drained = await serve(createHttps(new Desk().handler));
    const raw = connect(portOf(drained.server), '127.0.0.1');
    await once(drained.server, 'connection');
    const drain = drained.drain(GRACE);
    expect(drained.server.listening).toBe(false);
    const client = connectSecure({ socket: raw, rejectUnauthorized: false });
    client.write('GET /now HTTP/1.1\r\nHost: a\r\n\r\n');
    const [answer] = await once(client, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 OK\r\nConnection: close\r\n/);
    await drain;
  });

  test('closes connections without a handshake after the grace', async () => {
    const drained = await serve(createHttps(new Desk().handler));
    const raw = connect(portOf(drained.server), '127.0.0.1');
    raw.on('error', () => undefined);
    await once(drained.server, 'connection');
    const gone = once(raw, 'close');
    await drained.drain(0);
    await gone;
    expect(raw.bytesRead).toBe(0);
  });
});
