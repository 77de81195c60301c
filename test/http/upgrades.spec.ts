import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { RawClient } from './raw-client.js';
import { Desk, HTTP1, portOf, serve } from './servers.js';

const ASK = {
  upgrade: 'GET /live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
  connect: 'CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n',
};

/** Takes the socket over and echoes what it says. */
function echo(_: IncomingMessage, socket: Socket): void {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
  socket.on('data', (chunk: Buffer) => socket.write(chunk));
  socket.on('end', () => socket.end());
}

describe.each(HTTP1)('on a node:%s server', (kind, create) => {
  describe.each(['upgrade', 'connect'] as const)('a socket that left HTTP by %s', (event) => {
    test.each([
      ['before', 'watch()'],
      ['after', 'watch()'],
    ])('is waited for, named, and cut at the end (its owner listened %s %s)', async (when) => {
      const server = create(new Desk().handler);
      if (when === 'before') server.on(event, echo);
      const drained = await serve(server);
      if (when === 'after') server.on(event, echo);
      const client = await RawClient.connect(kind, portOf(server));
      client.send(ASK[event]);
      await client.received('101');
      const named = [{ name: event === 'upgrade' ? 'GET /live (echo)' : 'CONNECT b:80 (tunnel)' }];
      expect(drained.items).toMatchObject(named);
      const drain = drained.drain(0);
      client.send('still there');
      await client.received('still there');
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(drained.items).toMatchObject(named);
      drained.sever();
      await drain;

      // A tunnel that ended by a FIN would look as if its other side had ended it.
      expect(await client.gone).toBe('ECONNRESET');
    });

    test('is left to the owner that closes it', async () => {
      const sockets = new Set<object>();
      const server = create(new Desk().handler);
      server.on(event, (request: IncomingMessage, socket: Socket) => {
        sockets.add(socket);
        echo(request, socket);
      });
      const drained = await serve(server, { ownedSockets: () => sockets });
      const client = await RawClient.connect(kind, portOf(server));
      client.send(ASK[event]);
      await client.received('101');
      expect(drained.items).toEqual([]);
      await drained.drain(0);
      drained.sever();
      client.send('still there');
      await client.received('still there');
      client.socket.end();

      expect(await client.gone).toBe('end');
    });

    test('is not waited for on an ignored path, and is cut when the drain ends', async () => {
      const server = create(new Desk().handler);
      server.on(event, echo);
      const drained = await serve(server, { ignore: ['/live', 'b:80'] });
      const client = await RawClient.connect(kind, portOf(server));
      client.send(ASK[event]);
      await client.received('101');
      expect(drained.items).toEqual([]);
      await drained.drain(0);

      expect(await client.gone).toBe('ECONNRESET');
    });

    test('ends the drain when it closes', async () => {
      const server = create(new Desk().handler);
      server.on(event, echo);
      const drained = await serve(server);
      const client = await RawClient.connect(kind, portOf(server));
      client.send(ASK[event]);
      await client.received('101');
      const drain = drained.drain(0);
      client.socket.end();
      await drain;

      expect(await client.gone).toBe('end');
    });
  });

  test('an upgrade without a listener is answered as a request', async () => {
    const drained = await serve(create(new Desk().handler));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.send(ASK.upgrade.replace('/live', '/now'));
    await client.received('/now');
    expect(client.answers).toMatchObject([{ status: 200 }]);
    await drained.drain(0);
  });

  test('an upgrade whose listener was removed is answered as a request', async () => {
    const server = create(new Desk().handler);
    server.on('upgrade', echo);
    const drained = await serve(server);
    server.off('upgrade', echo);
    const client = await RawClient.connect(kind, portOf(server));
    client.send(ASK.upgrade.replace('/live', '/now'));
    await client.received('/now');
    expect(client.answers).toMatchObject([{ status: 200 }]);
    await drained.drain(0);
  });

  test('a CONNECT without a listener is refused by Node', async () => {
    const drained = await serve(create(new Desk().handler));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.send(ASK.connect);

    await client.gone;
    expect(client.text).toBe('');
    await drained.drain(0);
  });

  test('an upgrade during the drain is handled by its owner', async () => {
    const desk = new Desk();
    const server = create(desk.handler);
    server.on('upgrade', echo);
    const drained = await serve(server);
    const [held, client] = await Promise.all([
      RawClient.connect(kind, portOf(server)),
      RawClient.connect(kind, portOf(server)),
    ]);
    held.get('/held');
    await desk.arrived('/held');
    client.send(ASK.upgrade.slice(0, 10));
    drained.leave();
    while (drained.items.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const drain = drained.drain(0);
    client.send(ASK.upgrade.slice(10));
    await client.received('101');
    await desk.answer('/held');
    client.send('still there');
    await client.received('still there');
    expect(drained.items).toMatchObject([{ name: 'GET /live (echo)' }]);
    client.socket.end();
    await drain;
    expect(await client.gone).toBe('end');
  });
});
