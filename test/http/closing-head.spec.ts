import { createServer, type OutgoingHttpHeader, type ServerResponse } from 'node:http';
import { RawClient } from './raw-client.js';
import { HTTP1, portOf, serve, type Handler } from './servers.js';

/** A list of pairs, which Node takes and its typings do not know. */
const pairs = (...entries: readonly (readonly [string, string])[]) =>
  entries as unknown as OutgoingHttpHeader[];

/** Ways in which a handler, or a proxy that hands on what it got, says that the connection stays. */
const HEADS: readonly (readonly [string, (response: ServerResponse) => unknown])[] = [
  ['an object', (response) => response.writeHead(200, { Connection: 'keep-alive' })],
  ['an object in small letters', (response) => response.writeHead(200, { connection: 'keep-alive' })],
  ['an object beside a message', (response) => response.writeHead(200, 'Fine', { connection: 'keep-alive' })],
  [
    'an object beside no message',
    (response) => response.writeHead(200, undefined, { connection: 'keep-alive' }),
  ],
  ['a flat list', (response) => response.writeHead(200, ['X-A', '1', 'CONNECTION', 'keep-alive'])],
  [
    'a list of pairs',
    (response) => response.writeHead(200, pairs(['X-A', '1'], ['connection', 'keep-alive'])),
  ],
  ['a list of pairs without it', (response) => response.writeHead(200, pairs(['X-A', '1']))],
  ['a header that is set', (response) => response.setHeader('Connection', 'keep-alive')],
  [
    'a header that is set, and an object without it',
    (response) => response.setHeader('Connection', 'keep-alive').writeHead(200, { 'X-A': '1' }),
  ],
  [
    'a header that is set, and a list',
    (response) => response.setHeader('X-A', '1').writeHead(200, ['connection', 'keep-alive']),
  ],
  [
    'a keep-alive of its own',
    (response) => response.writeHead(200, { Connection: 'keep-alive', 'Keep-Alive': 'timeout=60' }),
  ],
];

const handler =
  (head: (response: ServerResponse) => unknown): Handler =>
  (_, response) => {
    head(response);
    response.end('ok');
  };

describe.each(HTTP1)('while a node:%s server asks clients to disconnect', (kind, create) => {
  test.each(HEADS)(
    'a response closes its connection despite keep-alive in its head (%s)',
    async (_, head) => {
      const drained = await serve(create(handler(head)));
      const client = await RawClient.connect(kind, portOf(drained.server));
      drained.leave();
      client.get('/');

      expect(await client.gone).toBe('end');
      expect(client.answers).toMatchObject([{ status: 200, connection: 'close' }]);
      expect(client.text.match(/^connection:/gim)).toHaveLength(1);
      expect(client.text).not.toMatch(/keep-alive/i);
    },
  );

  test('responses to earlier requests and to HTTP/1.0 close their connections too', async () => {
    const held: ServerResponse[] = [];
    const drained = await serve(create((_, response) => void held.push(response)));
    const port = portOf(drained.server);
    const [newer, older] = await Promise.all([RawClient.connect(kind, port), RawClient.connect(kind, port)]);
    newer.get('/');
    older.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    while (held.length < 2) await new Promise((resolve) => setImmediate(resolve));
    drained.leave();
    for (const response of held) {
      response.writeHead(200, { Connection: 'keep-alive', 'Content-Length': '2' }).end('ok');
    }

    expect(await Promise.all([newer.gone, older.gone])).toEqual(['end', 'end']);
    expect([newer, older].map(({ answers }) => answers[0]?.connection)).toEqual(['close', 'close']);
  });

  test('an earlier response of a pipeline keeps its connection open', async () => {
    const held: ServerResponse[] = [];
    const drained = await serve(create((_, response) => void held.push(response)));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/1', '/2');
    while (held.length < 2) await new Promise((resolve) => setImmediate(resolve));
    drained.leave();
    for (const response of held) response.writeHead(200, ['Connection', 'keep-alive']).end('ok');

    await client.gone;
    expect(client.answers.map(({ connection }) => connection)).toEqual(['keep-alive', 'close']);
  });

  test('Node still rejects a second writeHead', async () => {
    const errors: unknown[] = [];
    const drained = await serve(
      create((_, response) => {
        response.writeHead(200, { Connection: 'keep-alive' });
        try {
          response.writeHead(201);
        } catch (error) {
          errors.push(error);
        }
        response.end('ok');
      }),
    );
    const client = await RawClient.connect(kind, portOf(drained.server));
    drained.leave();
    client.get('/');

    await client.gone;
    expect(client.answers).toMatchObject([{ status: 200, connection: 'close' }]);
    expect(errors).toMatchObject([{ code: 'ERR_HTTP_HEADERS_SENT' }]);
  });
});

test('other options of the Connection header are kept', async () => {
  const drained = await serve(
    createServer((_, response) => {
      response.writeHead(426, { Connection: 'keep-alive, Upgrade', Upgrade: 'websocket' }).end();
    }),
  );
  const client = await RawClient.connect('http', portOf(drained.server));
  drained.leave();
  client.get('/');

  await client.gone;
  expect(client.answers).toMatchObject([{ status: 426, connection: 'Upgrade, close' }]);
});

test('a 101 response gets no Connection: close', async () => {
  const drained = await serve(
    createServer((_, response) => {
      response.writeHead(101, { Connection: 'Upgrade', Upgrade: 'echo' });
      response.flushHeaders();
    }),
  );
  const client = await RawClient.connect('http', portOf(drained.server));
  drained.leave();
  client.get('/');
  await client.received('101');

  expect(client.answers).toMatchObject([{ status: 101, connection: 'Upgrade' }]);
});
