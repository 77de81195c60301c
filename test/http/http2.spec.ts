import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  connect,
  constants,
  createSecureServer,
  createServer,
  type ClientHttp2Session,
  type ClientHttp2Stream,
} from 'node:http2';
import type { Server as NetServer } from 'node:net';
import { CERTIFICATE } from './certificate.js';
import { RawClient } from './raw-client.js';
import { Desk, portOf, serve, type Handler } from './servers.js';

const KINDS: readonly (readonly ['http' | 'https', (handler: Handler) => NetServer])[] = [
  ['http', (handler) => listening(createServer(), handler)],
  ['https', (handler) => listening(createSecureServer(CERTIFICATE), handler)],
];

/** The two kinds of requests have one shape, and typings that differ. */
function listening<T extends NetServer>(server: T, handler: Handler): T {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => handler(request, response));
  return server;
}

const sessions = new Set<ClientHttp2Session>();

afterEach(() => {
  for (const session of sessions) session.destroy();
  sessions.clear();
});

interface Client {
  readonly session: ClientHttp2Session;
  readonly goaways: number[];
  readonly closed: Promise<unknown>;
}

async function open(kind: 'http' | 'https', port: number): Promise<Client> {
  const session = connect(`${kind}://127.0.0.1:${port}`, { rejectUnauthorized: false });
  sessions.add(session);
  session.on('error', () => undefined);
  const goaways: number[] = [];
  session.on('goaway', (code) => goaways.push(code));
  const closed = new Promise((resolve) => session.once('close', resolve));
  await once(session, 'remoteSettings');
  return { session, goaways, closed };
}

interface StreamEnd {
  readonly status: number | undefined;
  readonly body: string;
  readonly code: number | undefined;
}

/** How a stream ends; `code` is its error code, where it is not answered. */
function end(stream: ClientHttp2Stream): Promise<StreamEnd> {
  let status: number | undefined;
  let body = '';
  stream.on('response', (headers) => (status = headers[':status']));
  stream.on('data', (chunk: Buffer) => (body += chunk.toString()));
  stream.on('error', () => undefined);
  return new Promise((resolve) => {
    stream.once('close', () => resolve({ status, body, code: stream.rstCode }));
  });
}

describe.each(KINDS)('a node:http2 server over %s', (kind, create) => {
  test('leaves sessions alone while HTTP/1.1 clients disconnect', async () => {
    const drained = await serve(create(new Desk().handler));
    const { session, goaways } = await open(kind, portOf(drained.server));
    drained.leave();
    const answer = await end(session.request({ ':path': '/now' }));
    await new Promise((resolve) => session.ping(resolve));

    expect(answer).toMatchObject({ status: 200, body: '/now' });
    expect({ goaways, closed: session.closed }).toEqual({ goaways: [], closed: false });
    await drained.drain(0);
  });

  test('sends GOAWAY at the drain, finishes streams in flight, and closes the session', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler));
    const { session, goaways, closed } = await open(kind, portOf(drained.server));
    const streams = ['/orders/1', '/b'].map((path) => end(session.request({ ':path': path })));
    await Promise.all([desk.arrived('/orders/1'), desk.arrived('/b')]);
    expect(drained.items.map(({ name }) => name).toSorted()).toEqual(['GET /b', 'GET /orders/:id']);
    const goaway = once(session, 'goaway');
    const drain = drained.drain(0);
    await goaway;
    await desk.answer('/b', '/orders/1');
    await drain;
    await closed;

    expect(await Promise.all(streams)).toMatchObject([
      { status: 200, body: '/orders/1' },
      { status: 200, body: '/b' },
    ]);
    expect(new Set(goaways)).toEqual(new Set([constants.NGHTTP2_NO_ERROR]));
  });

  test('refuses a request that crosses the GOAWAY so that it is safe to retry', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler));
    const accepted = once(drained.server, 'session');
    const { session } = await open(kind, portOf(drained.server));
    const kept = end(session.request({ ':path': '/a' }));
    await desk.arrived('/a');
    const [served] = await accepted;
    const late = new Promise((resolve) => {
      const { close } = served;
      served.close = () => {
        served.close = close;
        served.close();
        resolve(end(session.request({ ':path': '/now/late' })));
      };
    });
    const drain = drained.drain(0);
    const refused = await late;
    await desk.answer('/a');
    await drain;

    expect(refused).toEqual({ status: undefined, body: '', code: constants.NGHTTP2_REFUSED_STREAM });
    expect(await kept).toMatchObject({ status: 200 });
  });

  test('answers a request sent before the drain and read after a blocked loop', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler));
    const { session, closed } = await open(kind, portOf(drained.server));
    const stream = end(session.request({ ':path': '/now/1' }));
    await stream;
    const late = end(session.request({ ':path': '/now/2' }));
    // The client writes in this turn, and the server is told to drain before it reads.
    await new Promise((resolve) => process.nextTick(resolve));
    const drain = drained.drain(0);

    expect(await late).toMatchObject({ status: 200, body: '/now/2' });
    await drain;
    await closed;
  });

  test('closes idle sessions at once, and those opened in the last moment', async () => {
    const drained = await serve(create(new Desk().handler));
    const { closed } = await open(kind, portOf(drained.server));
    const late = connect(`${kind}://127.0.0.1:${portOf(drained.server)}`, { rejectUnauthorized: false });
    sessions.add(late);
    late.on('error', () => undefined);
    const lateClosed = new Promise((resolve) => late.once('close', resolve));
    await once(drained.server, 'connection');
    await drained.drain(300);
    await Promise.all([closed, lateClosed]);
    expect(drained.items).toEqual([]);
  });

  test('severs sessions at the deadline', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler));
    const { session, closed } = await open(kind, portOf(drained.server));
    const stuck = end(session.request({ ':path': '/stuck' }));
    await desk.arrived('/stuck');
    const drain = drained.drain(0);
    expect(drained.items).toMatchObject([{ name: 'GET /stuck' }]);
    drained.sever();
    await drain;
    await closed;

    expect(await stuck).toMatchObject({ status: undefined });
  });

  test('does not wait for ignored paths', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler), { ignore: ['/poll'] });
    const { session, closed } = await open(kind, portOf(drained.server));
    const poll = end(session.request({ ':path': '/poll' }));
    await desk.arrived('/poll');
    await drained.drain(0);
    await closed;

    expect(await poll).toMatchObject({ status: undefined });
  });

  test('ends event streams', async () => {
    const drained = await serve(
      create((_, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write('data: first\n\n');
        // A handler learns of the end when the stream is closed.
        const tick = setInterval(() => response.write(': tick\n\n'), 1);
        response.once('close', () => clearInterval(tick));
      }),
      { sse: { event: { data: 'bye' } } },
    );
    const { session } = await open(kind, portOf(drained.server));
    const stream = session.request({ ':path': '/events' });
    const ended = end(stream);
    await once(stream, 'data');
    await drained.drain(0);

    const { status, body, code } = await ended;
    expect({ status, code }).toEqual({ status: 200, code: constants.NGHTTP2_NO_ERROR });
    expect(body).toMatch(/^data: first\n\n(: tick\n\n)*data: bye\n\n$/);
  });

  test('lets an event stream that answers POST end by itself', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler));
    const { session } = await open(kind, portOf(drained.server));
    const stream = session.request({ ':path': '/chat', ':method': 'POST' });
    const ended = end(stream);
    const response = await desk.arrived('/chat');
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('data: token\n\n');
    await once(stream, 'data');
    const drain = drained.drain(0);
    await new Promise((resolve) => setTimeout(resolve, 60));
    response.end('data: [DONE]\n\n');
    await drain;

    expect(await ended).toEqual({
      status: 200,
      body: 'data: token\n\ndata: [DONE]\n\n',
      code: constants.NGHTTP2_NO_ERROR,
    });
  });

  test('resets streams at the deadline, so that no partial body looks complete', async () => {
    const desk = new Desk();
    const drained = await serve(create(desk.handler));
    const { session, closed } = await open(kind, portOf(drained.server));
    const stream = session.request({ ':path': '/report' });
    const errors: unknown[] = [];
    let ends = 0;
    stream.on('error', (error) => errors.push(error));
    stream.on('end', () => (ends += 1));
    (await desk.arrived('/report')).write('a part');
    await once(stream, 'data');
    const drain = drained.drain(0);
    drained.sever();
    await drain;
    await closed;

    expect(stream.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    expect(errors).toHaveLength(1);
    expect(ends).toBe(0);
  });
});

describe('a secure node:http2 server that allows HTTP/1.1', () => {
  const both = (handler: Handler): NetServer =>
    listening(createSecureServer({ ...CERTIFICATE, allowHTTP1: true }), handler);

  test('drains both kinds of clients, and closes the idle ones of both', async () => {
    const desk = new Desk();
    const drained = await serve(both(desk.handler));
    const port = portOf(drained.server);
    const [h2, h1, idle] = await Promise.all([
      open('https', port),
      RawClient.connect('https', port),
      RawClient.connect('https', port),
    ]);
    const stream = end(h2.session.request({ ':path': '/h2' }));
    h1.get('/h1');
    await Promise.all([desk.arrived('/h2'), desk.arrived('/h1')]);
    expect(drained.items.map(({ name }) => name).toSorted()).toEqual(['GET /h1', 'GET /h2']);
    const drain = drained.drain(0);
    await desk.answer('/h2', '/h1');
    await drain;

    expect(await stream).toMatchObject({ status: 200, body: '/h2' });
    expect(await h1.gone).toBe('end');
    expect(h1.answers).toMatchObject([{ status: 200, connection: 'close', body: '/h1' }]);
    await idle.gone;
  });

  test('answers a first request over HTTP/1.1 within the grace', async () => {
    const drained = await serve(both(new Desk().handler));
    const client = await RawClient.connect('https', portOf(drained.server));
    const drain = drained.drain(300);
    expect(drained.server.listening).toBe(false);
    client.get('/now');

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([{ status: 200, connection: 'close' }]);
    await drain;
  });
});
