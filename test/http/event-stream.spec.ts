import { METHODS, type ServerResponse } from 'node:http';
import { createGzip, gunzipSync } from 'node:zlib';
import { endEventStream, type EventStream, type EventStreamFarewell } from '../../lib/http/event-stream.js';
import { RawClient } from './raw-client.js';
import { HTTP1, portOf, serve, type Handler } from './servers.js';

/** Ways in which frameworks write the head of a stream. */
const HEADS: readonly (readonly [string, (response: ServerResponse) => unknown])[] = [
  [
    'in the head, as an object',
    (response) => response.writeHead(200, { 'Content-Type': 'text/event-stream', Connection: 'keep-alive' }),
  ],
  [
    'in the head, as a list',
    (response) => response.writeHead(200, 'OK', ['content-type', 'text/event-stream']),
  ],
  ['beforehand', (response) => response.setHeader('Content-Type', 'text/event-stream; charset=utf-8')],
];

const responses: ServerResponse[] = [];

/** The body of a chunked answer. */
function bodyOf({ text }: RawClient): string {
  let rest = text.slice(text.indexOf('\r\n\r\n') + 4);
  let body = '';
  for (;;) {
    const [size = ''] = rest.split('\r\n', 1);
    const length = parseInt(size, 16);
    if (!(length > 0)) return body;
    const from = size.length + 2;
    body += rest.slice(from, from + length);
    rest = rest.slice(from + length + 2);
  }
}

const stream =
  (head: (response: ServerResponse) => unknown, closed: () => void = () => undefined): Handler =>
  (_, response) => {
    head(response);
    response.write('data: first\n\n');
    response.once('close', closed);
  };

describe.each(HTTP1)('the drain of a node:%s server', (kind, create) => {
  test.each(HEADS)('ends an event stream and closes its connection (type %s)', async (_, head) => {
    let closes = 0;
    const drained = await serve(create(stream(head, () => (closes += 1))));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/events');
    await client.received('first');
    // A grace in which the connection of a stream must not stay open.
    await drained.drain(60_000);

    expect(await client.gone).toBe('end');
    expect(client.text.endsWith('data: first\n\n\r\n0\r\n\r\n')).toBe(true);
    expect(closes).toBe(1);
  });

  test('sends the client a last event and a retry time', async () => {
    const [, head] = HEADS[0] ?? [];
    const sse: EventStreamFarewell = { retry: 1_000, event: { type: 'bye', data: 'see\nyou' } };
    const drained = await serve(create(stream((response) => head?.(response))), { sse });
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/events');
    await client.received('first');
    await drained.drain(60_000);

    expect(await client.gone).toBe('end');
    const [, retry] =
      /event: bye\ndata: see\ndata: you\nretry: (\d+)\n\n\r\n0\r\n\r\n$/.exec(client.text) ?? [];
    expect(Number(retry)).toBeGreaterThanOrEqual(500);
    expect(Number(retry)).toBeLessThanOrEqual(1_500);
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', ...METHODS.filter((method) => method === 'QUERY')])(
    'lets an event stream that answers %s end by itself',
    async (method) => {
      let finish = (): void => undefined;
      const drained = await serve(
        create((_, response) => {
          response.writeHead(200, { 'Content-Type': 'text/event-stream' });
          response.write('data: token\n\n');
          finish = () => void response.end('data: [DONE]\n\n');
        }),
        { sse: { event: { data: 'bye' } } },
      );
      const client = await RawClient.connect(kind, portOf(drained.server));
      client.send(
        `${method} /chat HTTP/1.1\r\nHost: a\r\nAccept: application/json, text/event-stream\r\nContent-Length: 2\r\n\r\n{}`,
      );
      await client.received('token');
      const drain = drained.drain(0);
      while (drained.server.listening) await new Promise((resolve) => setImmediate(resolve));
      // Some looks at the streams are taken.
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(drained.items).toMatchObject([{ name: `${method} /chat` }]);
      finish();
      await drain;

      await client.gone;
      expect(client.text).not.toContain('bye');
      expect(client.text.endsWith('data: [DONE]\n\n\r\n0\r\n\r\n')).toBe(true);
    },
  );

  test.each<[string, string, Handler, RegExp]>([
    [
      'a chunked body',
      'HTTP/1.1',
      (_, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write('data: part\n\n');
      },
      /part\n\n\r\n$/,
    ],
    [
      'a body with a length',
      'HTTP/1.1',
      (_, response) => {
        response.writeHead(200, { 'Content-Length': '100' });
        response.write('part');
      },
      /part$/,
    ],
    [
      'a body with trailers',
      'HTTP/1.1',
      (_, response) => {
        response.writeHead(200, { Trailer: 'X-Sum' });
        response.write('part');
        response.addTrailers({ 'X-Sum': '1' });
      },
      /part\r\n$/,
    ],
    [
      'a body that ends with its connection',
      'HTTP/1.0',
      (_, response) => void response.write('part'),
      /part$/,
    ],
  ])('cuts %s in a way that its client sees as incomplete', async (_, version, handler, ending) => {
    const drained = await serve(create(handler));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.send(`POST /chat ${version}\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
    await client.received('part');
    const drain = drained.drain(0);
    drained.sever();
    await drain;

    const how = await client.gone;
    expect(client.text).toMatch(ending);
    expect(client.text).not.toMatch(/\r\n0\r\n/);
    // After a FIN the body that ends with its connection would look complete.
    expect(version !== 'HTTP/1.0' || how === 'ECONNRESET').toBe(true);
  });

  test.each(HEADS)('waits for the end of an event before the farewell (type %s)', async (_, head) => {
    let finish = (): void => undefined;
    const drained = await serve(
      create((request, response) => {
        responses.push(response);
        head(response);
        response.write('data: first\n\n');
        if (request.url !== '/events') return;
        finish = () => void response.write('ond\n\n');
      }),
      { sse: { event: { data: 'bye' } } },
    );
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/events');
    await client.received('first');
    drained.leave();
    const response = responses.at(-1);
    response?.write('data: sec');
    await client.received('data: sec');
    const drain = drained.drain(0);
    while (drained.server.listening) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(client.text).not.toContain('bye');
    finish();
    await drain;

    await client.gone;
    expect(bodyOf(client)).toBe('data: first\n\ndata: second\n\ndata: bye\n\n');
  });

  test('cuts an encoded stream, because nothing can be appended', async () => {
    const drained = await serve(
      create((_, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Content-Encoding': 'gzip' });
        const encode = createGzip();
        encode.pipe(response);
        encode.write('data: first\n\n');
        encode.flush();
      }),
      { sse: { event: { data: 'bye' } } },
    );
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/events');
    await client.received('\x1f\x8b');
    await drained.drain(60_000);

    await client.gone;
    expect(client.text).not.toMatch(/bye|\r\n0\r\n/);
  });

  test('ends a stream that a middleware compresses, including its last event', async () => {
    const drained = await serve(
      create((_, response) => {
        // As `compression` does it.
        const encode = createGzip();
        const write = response.write.bind(response);
        const end = response.end.bind(response);
        encode.on('data', (chunk: Buffer) => write(chunk)).on('end', () => end());
        response.write = (chunk: string) => encode.write(chunk);
        response.end = () => {
          encode.end();
          return response;
        };
        response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Content-Encoding': 'gzip' });
        response.write('data: first\n\n');
        encode.flush();
      }),
      { sse: { event: { data: 'bye' } } },
    );
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/events');
    await client.received('\x1f\x8b');
    await drained.drain(60_000);

    await client.gone;
    const body = gunzipSync(Buffer.from(bodyOf(client), 'latin1')).toString();
    expect(body).toBe('data: first\n\ndata: bye\n\n');
  });

  test('ends a stream that starts during the drain', async () => {
    let begin = (): void => undefined;
    const drained = await serve(
      create((request, response) => {
        begin = () =>
          stream((each) => each.setHeader('Content-Type', 'text/event-stream'))(request, response);
      }),
    );
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/events');
    while (drained.items.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const drain = drained.drain(60_000);
    begin();
    await drain;

    expect(await client.gone).toBe('end');
    expect(client.text.endsWith('data: first\n\n\r\n0\r\n\r\n')).toBe(true);
  });

  test('tolerates a handler that writes until its client has gone', async () => {
    const drained = await serve(
      create((_, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        // More than the socket takes, so that the end of the stream is not the end of the response.
        response.write(`data: ${'x'.repeat(8_000_000)}\n\n`);
        const tick = setInterval(() => response.write('data: tick\n\n'), 1);
        response.once('close', () => clearInterval(tick));
      }),
      { sse: { event: { data: 'bye' } } },
    );
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/events');
    await client.received('text/event-stream');
    client.socket.pause();
    const drain = drained.drain(60_000);
    while (drained.server.listening) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.socket.resume();
    await drain;

    expect(await client.gone).toBe('end');
    expect(client.text.endsWith('data: bye\n\n\r\n0\r\n\r\n')).toBe(true);
  });

  test('sends the farewell once if the response takes time to end', async () => {
    const drained = await serve(
      create((_, response) => {
        const end = response.end.bind(response);
        // As a middleware does that compresses: the end comes when the last of it is written.
        response.end = () => {
          setTimeout(end, 60);
          return response;
        };
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write('data: first\n\n');
      }),
      { sse: { event: { data: 'bye' } } },
    );
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/events');
    await client.received('first');
    await drained.drain(60_000);

    expect(await client.gone).toBe('end');
    expect(client.text.match(/bye/g)).toHaveLength(1);
  });

  test('lets an ordinary response finish if its client also accepts event streams', async () => {
    let finish = (): void => undefined;
    const drained = await serve(
      create((_, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.write('[1,');
        finish = () => void response.end('2]');
      }),
    );
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.send('GET / HTTP/1.1\r\nHost: a\r\nAccept: application/json, text/event-stream\r\n\r\n');
    await client.received('[1,');
    const drain = drained.drain(0);
    // The first look at the streams has been taken when it has stopped listening and another turn is over.
    while (drained.server.listening) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    finish();
    await drain;

    await client.gone;
    expect(client.text.endsWith('2]\r\n0\r\n\r\n')).toBe(true);
  });
});

describe('the farewell of an event stream', () => {
  /** What is written at the end of a stream. */
  function written(farewell: EventStreamFarewell, random: number): string {
    const chunks: unknown[] = [];
    const response: EventStream = {
      write: (chunk) => chunks.push(chunk),
      end: () => chunks.push('END'),
    };
    endEventStream(response, farewell, () => random);
    response.write('too late');
    response.end('too late');
    return chunks.join('');
  }

  test.each<[EventStreamFarewell, number, string]>([
    [{}, 0, 'END'],
    [{ retry: 1_000 }, 0, 'retry: 500\n\nEND'],
    [{ retry: 1_000 }, 0.5, 'retry: 1000\n\nEND'],
    [{ retry: 1_001 }, 1, 'retry: 1502\n\nEND'],
    [{ event: { data: '' } }, 0, 'data: \n\nEND'],
    [{ event: { data: 'a\r\nb\rc' } }, 0, 'data: a\ndata: b\ndata: c\n\nEND'],
  ])('%j is written as an event', (farewell, random, text) => {
    expect(written(farewell, random)).toBe(text);
  });

  test('calls the callback of a write after it', async () => {
    const response: EventStream = { write: () => true, end: () => undefined };
    endEventStream(response, {}, Math.random);
    await new Promise<void>((resolve) => response.write('data: late', 'utf8', resolve));
    await new Promise<void>((resolve) => response.end(resolve));
    expect(response.write('data: late')).toBe(false);
  });
});
