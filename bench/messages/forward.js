import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** A port that nobody listens on. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Listens, and takes each connection to the first of the ports that accepts it; halves end one by one. */
export async function forward(ports) {
  const sockets = new Set();
  const hold = (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  };
  const pass = (client, [port, ...others]) => {
    if (port === undefined) return client.destroy();
    const instance = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    hold(instance);
    const refused = () => pass(client, others);
    instance.once('error', refused);
    return instance.once('connect', () => {
      instance.off('error', refused);
      instance.once('close', (broke) => broke && client.destroy());
      client.once('close', (broke) => broke && instance.destroy());
      client.pipe(instance).pipe(client);
    });
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    hold(client);
    pass(client, ports);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: server.address().port, stop };
}
