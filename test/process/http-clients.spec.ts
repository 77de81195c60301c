import { once } from 'node:events';
import { connect, type ClientHttp2Session } from 'node:http2';
import { RawClient } from '../http/raw-client.js';
import { ForkedProgram, SLACK } from './fork.js';

const ADAPTERS = ['express', 'fastify'];
const HALF = 'GET /quick HTTP/1.1\r\nX: ';
const UPLOAD =
  'POST /orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n';

/** A program that serves, and the port on which it does. */
async function startShop(kind: string, port = 0): Promise<{ program: ForkedProgram; port: number }> {
  const program = new ForkedProgram('http-shop', { args: [kind, String(port)] });
  await program.printed('started');
  const line = program.lines.find((each) => each.startsWith('port ')) ?? '';
  return { program, port: Number(line.slice('port '.length)) };
}

/** Not all at once: the queue of a listener is short, and the kernel lets those wait that find it full. */
async function connected(count: number, port: number): Promise<readonly RawClient[]> {
  const clients: RawClient[] = [];
  while (clients.length < count) {
    const batch = Math.min(50, count - clients.length);
    clients.push(
      ...(await Promise.all(Array.from({ length: batch }, () => RawClient.connect('http', port)))),
    );
  }
  return clients;
}

describe.each(ADAPTERS)('an application on %s', (kind) => {
  test('exits by the deadline with a thousand slow heads, a slow upload and idle sockets', async () => {
    const { program, port } = await startShop(kind);
    const slow = await connected(1_000, port);
    const idle = await connected(500, port);
    const [upload] = await connected(1, port);
    for (const client of slow) client.send(HALF);
    upload?.send(`${UPLOAD}"`);
    const drip = setInterval(() => {
      upload?.send('x');
      for (const client of slow) client.send('x');
    }, 250);
    await program.signalAt('started', 'SIGTERM');
    const { code, lines, durationMs } = await program.ended;
    clearInterval(drip);

    expect(durationMs).toBeLessThan(1_000 + SLACK);
    expect(code).toBe(1);
    const report = lines.join('\n');
    expect(report).toMatch(/in flight: 1000 incomplete requests/);
    expect(report).toMatch(/in flight: POST \/orders/);
    const all = [...slow, ...idle, ...(upload === undefined ? [] : [upload])];
    await Promise.all(all.map(({ gone }) => gone));
    expect(all.filter(({ bytes }) => bytes > 0)).toEqual([]);
  });

  test('sends all 20 MB to a slow reader that is in flight at the signal', async () => {
    const { program, port } = await startShop(kind);
    const [client] = await connected(1, port);
    client?.socket.pause();
    client?.get('/big');
    await program.signalAt('big(', 'SIGTERM');
    const read = setInterval(() => {
      client?.socket.resume();
      setImmediate(() => client?.socket.pause());
    }, 1);
    const { code } = await program.ended;
    clearInterval(read);
    client?.socket.resume();

    expect(await client?.gone).toBe('end');
    expect(client?.answers[0]?.head).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(client?.bytesOfBody).toBe(20_000_000);
    expect(code).toBe(0);
  });
});

describe.each([
  ['plain', 'fastify-http2', 'http'],
  ['TLS', 'fastify-https2', 'https'],
])('an application on Fastify with HTTP/2 over %s', (_, kind, scheme) => {
  test('finishes its streams on a signal and exits, with sessions open', async () => {
    const { program, port } = await startShop(kind);
    const open = (): ClientHttp2Session =>
      connect(`${scheme}://127.0.0.1:${port}`, { rejectUnauthorized: false });
    const [busy, idle] = [open(), open()];
    const closed = Promise.all([once(busy, 'close'), once(idle, 'close')]);
    const goaway = once(busy, 'goaway');
    await once(idle, 'remoteSettings');
    const stream = busy.request({ ':path': '/slow' });
    const answered = once(stream, 'response');
    let body = '';
    stream.on('data', (chunk: Buffer) => (body += chunk.toString()));
    await program.signalAt('slow(', 'SIGTERM');
    const { code, signal, durationMs } = await program.ended;

    const [headers] = await answered;
    await Promise.all([closed, goaway]);
    expect({ status: headers[':status'], body }).toEqual({ status: 200, body: 'slow' });
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(durationMs).toBeLessThan(200 + SLACK);
  });
});
