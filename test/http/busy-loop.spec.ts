import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectSecure } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { RawClient } from './raw-client.js';
import { Desk, HTTP1, portOf, serve } from './servers.js';

const GRACE = 300;

/** Blocks the loop, as a long computation does; a stopped process looks the same. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Resolves when the server has stopped listening, and its drain has looked at the connections. */
async function draining(server: { listening: boolean }): Promise<void> {
  while (server.listening) await new Promise((resolve) => setImmediate(resolve));
  await sleep(50);
}

describe.each(HTTP1)('the drain of a node:%s server with a blocked event loop', (kind, create) => {
  test('answers a request sent within the idle grace but read after it', async () => {
    const drained = await serve(create(new Desk().handler));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/now/1');
    await client.received('/now/1');
    const drain = drained.drain(GRACE);
    await draining(drained.server);
    client.get('/now/2');
    // Written in this turn, and read when the block is over and with it the grace.
    block(2 * GRACE);

    expect(await client.gone).toBe('end');
    expect(client.answers.map(({ body }) => body)).toEqual(['/now/1', '/now/2']);
    await drain;
  });

  test('gives an idle client the rest of its grace after the block', async () => {
    const drained = await serve(create(new Desk().handler));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/now/1');
    await client.received('/now/1');
    const drain = drained.drain(GRACE);
    await draining(drained.server);
    block(2 * GRACE);
    // The timers that the block held up fire now.
    await sleep(1);
    client.get('/now/2');

    expect(await client.gone).toBe('end');
    expect(client.answers.map(({ body }) => body)).toEqual(['/now/1', '/now/2']);
    await drain;
  });

  test('answers a request sent before app.close() and read after it, without an idle grace', async () => {
    const drained = await serve(create(new Desk().handler));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/now/1');
    await client.received('/now/1');
    client.get('/now/2');
    await new Promise((resolve) => process.nextTick(resolve));
    await drained.drain(0);

    await client.gone;
    expect(client.answers.map(({ body }) => body)).toEqual(['/now/1', '/now/2']);
  });
});

test('a TLS handshake delayed by a blocked loop completes, and its request is answered', async () => {
  const createHttps = HTTP1[1]?.[1] ?? createServer;
  const drained = await serve(createHttps(new Desk().handler));
  const raw = connect(portOf(drained.server), '127.0.0.1');
  await once(drained.server, 'connection');
  const drain = drained.drain(GRACE);
  await draining(drained.server);
  const client = connectSecure({ socket: raw, rejectUnauthorized: false });
  client.write('GET /now HTTP/1.1\r\nHost: a\r\n\r\n');
  await new Promise((resolve) => process.nextTick(resolve));
  block(2 * GRACE);

  const [answer] = await once(client, 'data');
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  await drain;
});

test("connections in the kernel's queue are accepted even if the loop is blocked longer than the hold limit", async () => {
  const drained = await serve(createServer(new Desk().handler));
  const port = portOf(drained.server);
  const clients = new Worker(
    `const { connect } = require('node:net');
     const { parentPort } = require('node:worker_threads');
     let open = 0;
     const ends = Array.from({ length: 10 }, () => new Promise((resolve) => {
       const socket = connect(${port}, '127.0.0.1', () => { if (++open === 10) parentPort.postMessage('open'); });
       socket.write('GET /now HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n');
       let text = '';
       socket.on('data', (chunk) => (text += chunk));
       socket.on('error', (error) => resolve(error.code));
       socket.on('close', () => resolve(text.slice(9, 12)));
     }));
     Promise.all(ends).then((all) => parentPort.postMessage(all));`,
    { eval: true },
  );
  const messages: unknown[] = [];
  clients.on('message', (message) => messages.push(message));
  const first: Socket = (await once(drained.server, 'connection'))[0];
  expect(first.destroyed).toBe(false);
  const drain = drained.drain(GRACE);
  // In the middle of the hold.
  setImmediate(() => block(400));
  await drain;
  while (messages.length < 2) await sleep(5);

  expect(messages[1]).toEqual(Array.from({ length: 10 }, () => '200'));
  await clients.terminate();
});
