import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { OutgoingFrames, closeFrame } from '../../lib/http/outgoing-frames.js';
import { RawClient } from './raw-client.js';
import { HTTP1, portOf, serve } from './servers.js';

const KEY = 'AAAAAAAAAAAAAAAAAAAAAA==';
const ASK = `GET /rooms/42?token=1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n`;
const NAMED = [{ name: 'GET /rooms/:id (websocket)' }];
/** Not masked, with the code 1001. */
const GOING_AWAY = '\x88\x0c\x03\xe9going away';

/** What a server answers that speaks WebSocket by hand. */
function accept({ headers }: IncomingMessage): string {
  const accepted = createHash('sha1')
    .update(`${headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accepted}\r\n\r\n`;
}

/** Resolves with the socket of the next client that asks for an upgrade. */
function upgraded(
  server: Server,
  answer: (request: IncomingMessage, socket: Socket) => void,
): Promise<Socket> {
  return new Promise((resolve) => {
    server.once('upgrade', (request: IncomingMessage, socket: Socket) => {
      answer(request, socket);
      socket.on('data', () => undefined);
      resolve(socket);
    });
  });
}

const some = (ms = 60): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(HTTP1)('a WebSocket without a known owner on a node:%s server', (kind, create) => {
  test('receives close code 1001, and its client closes it', async () => {
    const drained = await serve(create());
    const socket = upgraded(drained.server as Server, (request, to) => to.write(accept(request)));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.send(ASK);
    await client.received('101');
    await socket;
    expect(drained.items).toMatchObject(NAMED);
    const drain = drained.drain(0);
    await client.received(GOING_AWAY);
    client.socket.end();
    await drain;

    expect(await client.gone).toBe('end');
  });

  test('is cut 2 s after the close frame if its client does not close it', async () => {
    const drained = await serve(create());
    const socket = upgraded(drained.server as Server, (request, to) => to.write(accept(request)));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.send(ASK);
    await client.received('101');
    await socket;
    const from = performance.now();
    await drained.drain(0);

    expect(performance.now() - from).toBeGreaterThan(1_900);
    await client.gone;
    expect(client.text.endsWith(GOING_AWAY)).toBe(true);
  });

  test('receives the close frame between two frames, and nothing after it', async () => {
    const drained = await serve(create());
    const socket = upgraded(drained.server as Server, (request, to) => to.write(accept(request)));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.send(ASK);
    await client.received('101');
    const owner = await socket;
    // A text of five bytes, as a proxy hands it on in pieces.
    owner.write(Buffer.from([0x81, 0x05]));
    owner.write('he');
    const drain = drained.drain(0);
    await some();
    expect(client.text).not.toContain('going away');
    owner.write('llo');
    await client.received(GOING_AWAY);
    await new Promise<void>((resolve) => {
      owner.write('late', () => resolve());
    });
    client.socket.end();
    await drain;

    await client.gone;
    expect(client.text.split('\r\n\r\n')[1]).toBe(`\x81\x05hello${GOING_AWAY}`);
  });

  test.each<[string, (request: IncomingMessage, socket: Socket) => void]>([
    ['that its owner has not answered yet', () => undefined],
    ['that its owner has answered in part', (_, socket) => void socket.write('HTTP/1.1 101 Switch')],
    ['that its owner has refused', (_, socket) => void socket.write('HTTP/1.1 401 No\r\n\r\n')],
    [
      'that its owner has closed',
      (request, socket) => {
        socket.write(accept(request));
        socket.write(closeFrame(1000, ''));
      },
    ],
  ])('%s receives no close frame, and is cut at the end', async (_, answer) => {
    const drained = await serve(create());
    const socket = upgraded(drained.server as Server, answer);
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.send(ASK);
    await socket;
    const drain = drained.drain(0);
    await some();
    expect(drained.items).toMatchObject(NAMED);
    drained.sever();
    await drain;

    await client.gone;
    expect(client.text).not.toContain('going away');
  });

  test('is closed by its library if that is ws', async () => {
    const drained = await serve(create());
    const server = new WebSocketServer({ noServer: true });
    drained.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      server.handleUpgrade(request, socket, head, (each) => each.send('welcome'));
    });
    const url = `${kind === 'http' ? 'ws' : 'wss'}://127.0.0.1:${portOf(drained.server)}/rooms/42`;
    const client = new WebSocket(url, { rejectUnauthorized: false });
    await once(client, 'message');
    const closed = once(client, 'close');
    await drained.drain(0);

    const [code, reason] = await closed;
    expect([code, String(reason)]).toEqual([1001, 'going away']);
  });
});

test('two WebSockets receive their close frames, each when it is safe', async () => {
  const drained = await serve(createServer());
  const sockets: Socket[] = [];
  drained.server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    sockets.push(socket);
    socket.write(accept(request));
    socket.on('data', () => undefined);
  });
  const clients = await Promise.all([
    RawClient.connect('http', portOf(drained.server)),
    RawClient.connect('http', portOf(drained.server)),
  ]);
  for (const client of clients) {
    client.send(ASK);
    await client.received('101');
  }
  sockets[1]?.write(Buffer.from([0x82, 126, 1]));
  const drain = drained.drain(0);
  await clients[0]?.received('going away');
  expect(clients[1]?.text).not.toContain('going away');
  sockets[1]?.write(Buffer.from([0x00]));
  sockets[1]?.write(Buffer.alloc(256, 'x'));
  await clients[1]?.received('xgoing'.replace('xgoing', `x${GOING_AWAY}`));
  for (const client of clients) client.socket.end();
  await drain;
});

describe('outgoing WebSocket frames', () => {
  const frame = (length: number): Buffer => {
    const extended = Buffer.alloc(8);
    extended.writeBigUInt64BE(BigInt(length));
    if (length > 65_535) return Buffer.concat([Buffer.from([0x82, 127]), extended, Buffer.alloc(length)]);
    if (length > 125)
      return Buffer.concat([Buffer.from([0x82, 126]), extended.subarray(6), Buffer.alloc(length)]);
    return Buffer.concat([Buffer.from([0x82, length]), Buffer.alloc(length)]);
  };

  test.each([0, 1, 125, 126, 127, 65_535, 65_536])(
    'of %i bytes are followed in chunks of any size',
    (length) => {
      const bytes = Buffer.concat([frame(length), frame(3), frame(length)]);
      for (const size of [1, 2, 7, 64, bytes.length].filter((each) => length < 1_000 || each > 7)) {
        const frames = new OutgoingFrames();
        for (let at = 0; at < bytes.length; at += size) {
          expect(frames.mayWrite).toBe(
            at === 0 || at === frame(length).length || at === frame(length).length + 5,
          );
          frames.take(bytes.subarray(at, at + size));
        }
        expect(frames.mayWrite).toBe(true);
      }
    },
  );
});
