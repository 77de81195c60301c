import { createServer } from 'node:http';
import { createServer as createHttp2, createSecureServer } from 'node:http2';
import { createServer as createSecure } from 'node:https';
import { createServer as createNet, type Server } from 'node:net';
import { promisify } from 'node:util';
import { createServer as createTls } from 'node:tls';
import { DrainedServer } from '../../lib/http/drained-server.js';
import { CERTIFICATE } from './certificate.js';
import { RawClient } from './raw-client.js';
import { Desk, SETTINGS, listen, portOf, serve } from './servers.js';

const SERVERS: readonly (readonly [string, () => Server])[] = [
  ['node:http', () => createServer()],
  ['node:https', () => createSecure(CERTIFICATE)],
  ['node:http2', () => createHttp2()],
  ['node:http2 with TLS', () => createSecureServer({ ...CERTIFICATE, allowHTTP1: true })],
  ['node:net', () => createNet()],
  ['node:tls', () => createTls(CERTIFICATE)],
];

/** How a close calls back. */
const closed = (server: Server): Promise<unknown> => new Promise((resolve) => server.close(resolve));

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe.each(SERVERS)('a drained %s server', (_, create) => {
  test('closes without an error however often, and emits close once', async () => {
    const server = create();
    let closes = 0;
    server.on('close', () => (closes += 1));
    const drained = await serve(server);
    await drained.drain(0);

    expect(await Promise.all([closed(server), closed(server)])).toEqual([undefined, undefined]);
    expect(await closed(server)).toBeUndefined();
    await promisify(server.close).call(server);
    expect(server.close()).toBe(server);
    await server[Symbol.asyncDispose]();
    await soon();
    expect(closes).toBe(1);
  });

  test('emits close once if the app closes it before and after the drain', async () => {
    const server = create();
    let closes = 0;
    server.on('close', () => (closes += 1));
    const drained = await serve(server);
    const first = closed(server);
    await drained.drain(0);

    expect([await first, await closed(server)]).toEqual([undefined, undefined]);
    await soon();
    expect(closes).toBe(1);
  });

  test('can listen again, and then closes as usual', async () => {
    const server = create();
    const drained = await serve(server);
    const port = portOf(server);
    await drained.drain(0);
    await closed(server);

    expect(await listen(server, port)).toBe(port);
    expect(await closed(server)).toBeUndefined();
    expect(await closed(server)).toMatchObject({ code: 'ERR_SERVER_NOT_RUNNING' });
  });

  test('keeps its own close() if it never listened', async () => {
    const server = create();
    await new DrainedServer(server, SETTINGS).drain(0);

    expect(Object.hasOwn(server, 'close')).toBe(false);
  });
});

test('close() during the drain waits for requests in flight and cuts nothing', async () => {
  const desk = new Desk();
  const size = 5_000_000;
  const server = createServer(desk.handler);
  const drained = await serve(server);
  const client = await RawClient.connect('http', portOf(server));
  client.get('/a');
  const response = await desk.arrived('/a');
  const drain = drained.drain(0);
  while (server.listening) await new Promise((resolve) => setImmediate(resolve));
  const order: string[] = [];
  const close = closed(server).then((error) => order.push(`closed ${error}`));
  client.socket.pause();
  // Node's own close cuts a response that has ended and is not written.
  response.end(Buffer.alloc(size, 'x'));
  server.close();
  await soon();
  expect(order).toEqual([]);
  client.socket.resume();
  await Promise.all([drain, close]);

  expect(await client.gone).toBe('end');
  expect(client.bytesOfBody).toBe(size);
  expect(order).toEqual(['closed undefined']);
});

test('close() closes an idle connection accepted before watch()', async () => {
  const server = createServer(new Desk().handler);
  const client = await RawClient.connect('http', await listen(server));
  client.get('/now');
  await client.received('/now');
  const drained = new DrainedServer(server, SETTINGS);
  await drained.drain(0);

  expect(await closed(server)).toBeUndefined();
  await client.gone;
});

test('a close() that the app gave the server is kept', async () => {
  const server = createServer();
  const drained = await serve(server);
  const native = server.close.bind(server);
  const own = (): Server => native();
  Object.assign(server, { close: own });
  await drained.drain(0);

  expect(server.close).toBe(own);
});
