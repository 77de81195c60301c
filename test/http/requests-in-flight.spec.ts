import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { RawClient, type Answer } from './raw-client.js';
import { Desk, HTTP1, portOf, serve } from './servers.js';

const paths = ({ answers }: RawClient): readonly string[] => answers.map(({ body }) => body);
const connections = ({ answers }: RawClient): readonly Answer['connection'][] =>
  answers.map(({ connection }) => connection);

const UPLOAD = 'POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n';

/** Answers with the length of the body when the body is there. */
function measure(request: IncomingMessage, response: ServerResponse): void {
  let length = 0;
  request.on('data', (chunk: Buffer) => (length += chunk.length));
  request.on('end', () => response.end(`${length} bytes`));
}

describe.each(HTTP1)('the drain of a node:%s server', (kind, create) => {
  test('waits for a request in flight, and closes its connection with the response', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/a');
    await desk.arrived('/a');
    const drain = drained.drain(0);
    await desk.answer('/a');
    await drain;

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([{ status: 200, connection: 'close', body: '/a' }]);
  });

  test('answers all pipelined requests, and closes with the last response', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/a', '/b', '/c');
    await desk.arrived('/c');
    const drain = drained.drain(0);
    await desk.answer('/a', '/b', '/c');
    await drain;

    expect(await client.gone).toBe('end');
    expect(paths(client)).toEqual(['/a', '/b', '/c']);
    expect(connections(client)).toEqual(['keep-alive', 'keep-alive', 'close']);
  });

  test('answers requests pipelined behind those in flight while clients disconnect', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/a', '/b');
    await desk.arrived('/b');
    drained.leave();
    client.get('/c', '/d');
    await desk.arrived('/d');
    await desk.answer('/a', '/b', '/c', '/d');
    await drained.drain(0);

    expect(await client.gone).toBe('end');
    expect(paths(client)).toEqual(['/a', '/b', '/c', '/d']);
    expect(connections(client)).toEqual(['keep-alive', 'keep-alive', 'keep-alive', 'close']);
  });

  test('closes a connection with a response started after clients were asked to disconnect', async () => {
    const drained = await serve(create(new Desk().handler));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/now');
    await client.received('/now');
    drained.leave();
    client.get('/now/2');

    expect(await client.gone).toBe('end');
    expect(connections(client)).toEqual(['keep-alive', 'close']);
  });

  test('lets an upload that spans it arrive in full', async () => {
    const drained = await serve(create(measure));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.send(`${UPLOAD}\r\n123`);
    await once(drained.server, 'request');
    const drain = drained.drain(0);
    client.send('456');
    client.send('7890');
    await drain;

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([{ status: 200, connection: 'close', body: '10 bytes' }]);
  });

  test('lets a client that expects 100 continue', async () => {
    const drained = await serve(create(measure));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.send(`${UPLOAD}Expect: 100-continue\r\n\r\n`);
    await client.received('100 Continue');
    const drain = drained.drain(0);
    client.send('1234567890');
    await drain;

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([{ status: 100 }, { status: 200, body: '10 bytes' }]);
  });

  test.each([
    ['answers itself', measure],
    ['passes the request on', undefined],
  ])("waits for an upload whose 'checkContinue' listener %s", async (_, answer) => {
    const server = create(measure);
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      response.writeContinue();
      if (answer === undefined) server.emit('request', request, response);
      else answer(request, response);
    });
    const drained = await serve(server);
    const client = await RawClient.connect(kind, portOf(server));
    client.send(`${UPLOAD}Expect: 100-continue\r\n\r\n`);
    await client.received('100 Continue');
    expect(drained.items).toMatchObject([{ name: 'POST /upload' }]);
    const drain = drained.drain(0);
    client.send('1234567890');
    await drain;

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([
      { status: 100 },
      { status: 200, connection: 'close', body: '10 bytes' },
    ]);
  });

  test('lets a response whose head was already sent finish with a complete body', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/a');
    const response = await desk.arrived('/a');
    response.write('first,');
    await client.received('first,');
    const drain = drained.drain(0);
    response.end('last');
    await drain;

    expect(await client.gone).not.toBe('ECONNRESET');
    expect(connections(client)).toEqual(['keep-alive']);
    expect(client.text.endsWith('last\r\n0\r\n\r\n')).toBe(true);
  });

  test('sends every byte to a slow reader', async () => {
    const size = 20_000_000;
    const drained = await serve(create((_, response) => void response.end(Buffer.alloc(size, 'x'))));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.socket.pause();
    client.get('/');
    await once(drained.server, 'request');
    const drain = drained.drain(0);
    // Reads a part in each turn, so that the response stands in the server long after it was ended.
    const read = setInterval(() => {
      client.socket.resume();
      setImmediate(() => client.socket.pause());
    }, 1);
    await drain;
    clearInterval(read);
    client.socket.resume();

    expect(await client.gone).toBe('end');
    expect(client.bytesOfBody).toBe(size);
  });

  test('severs stuck requests at the deadline, and names them', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/stuck?token=secret');
    await desk.arrived('/stuck?token=secret');
    const drain = drained.drain(0);
    expect(drained.items).toEqual([{ name: 'GET /stuck', ageMs: expect.any(Number) as number }]);
    drained.sever();
    await drain;

    await client.gone;
    expect(client.text).toBe('');
    expect(drained.items).toEqual([]);
  });

  test('does not wait for ignored paths, and severs their requests at its end', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler), { ignore: ['/poll'] });
    const port = portOf(drained.server);
    const [poller, client] = await Promise.all([
      RawClient.connect(kind, port),
      RawClient.connect(kind, port),
    ]);
    poller.get('/poll?since=1');
    client.get('/a');
    await Promise.all([desk.arrived('/poll?since=1'), desk.arrived('/a')]);
    expect(drained.items).toMatchObject([{ name: 'GET /a' }]);
    const drain = drained.drain(0);
    await desk.answer('/a');
    await drain;

    await poller.gone;
    expect(poller.text).toBe('');
    expect(paths(client)).toEqual(['/a']);
  });

  test('forgets the pipelined requests of a client that has disconnected', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/a', '/b', '/c');
    const [{ socket }] = await Promise.all([desk.arrived('/a'), desk.arrived('/c')]);
    expect(drained.items).toHaveLength(3);
    client.socket.destroy();
    if (socket !== null) await once(socket, 'close');

    expect(drained.items).toEqual([]);
    await drained.drain(1_000);
  });
});

test('the items in flight are listed oldest first', async () => {
  const desk = new Desk();
  const drained = await serve(createServer(desk.handler));
  const client = await RawClient.connect('http', portOf(drained.server));
  client.get('/first');
  await desk.arrived('/first');
  client.get('/second');
  await desk.arrived('/second');
  expect(drained.items.map(({ name }) => name)).toEqual(['GET /first', 'GET /second']);
});
