import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { createServer as createSecure } from 'node:https';
import { connect } from 'node:http2';
import type { Server } from 'node:net';
import { HttpDrain } from '../../lib/http/http-drain.js';
import type { HttpSettings } from '../../lib/http/http.options.js';
import { systemClock } from '../../lib/process/system-clock.js';
import type { ShutdownReason } from '../../lib/plan/reason.js';
import { CERTIFICATE } from './certificate.js';
import { RawClient } from './raw-client.js';
import { Desk, SETTINGS, listen, portOf } from './servers.js';

const servers = new Set<Server>();
const deadlines = new Set<AbortController>();

afterEach(() => {
  for (const deadline of deadlines) deadline.abort();
  for (const server of servers) if (server.listening) server.close();
  deadlines.clear();
  servers.clear();
});

async function started<T extends Server>(server: T, port?: number, host?: string): Promise<T> {
  servers.add(server);
  await listen(server, port, host);
  return server;
}

interface DrainScene {
  readonly drain: HttpDrain;
  readonly leave: () => void;
  readonly run: (reason?: ShutdownReason) => Promise<unknown>;
  readonly deadline: AbortController;
}

function scene(settings: Partial<HttpSettings> = {}): DrainScene {
  const drain = new HttpDrain({ ...SETTINGS, ...settings }, systemClock);
  const deadline = new AbortController();
  deadlines.add(deadline);
  const call = (name: string, reason: ShutdownReason): Promise<unknown> => {
    const task = drain.tasks().find((each) => each.name === name);
    const context = { reason, phase: 'drain', signal: deadline.signal, deadline: Infinity };
    return Promise.resolve(task?.run(context));
  };
  const signal: ShutdownReason = { kind: 'signal', signal: 'SIGTERM' };
  return {
    drain,
    deadline,
    leave: () => void call('HttpDrain.leave', signal),
    run: (reason = signal) => call('HttpDrain', reason),
  };
}

/** A second server on the same port, as Fastify makes one for each address of `localhost`. */
const SIBLING = '127.0.0.2';

describe('the drain of several servers', () => {
  test('ends when all of them are drained', async () => {
    const { drain, leave, run } = scene();
    const desk = new Desk();
    const all = await Promise.all([
      started(createServer(desk.handler)),
      started(createServer(desk.handler)),
      started(createSecure(CERTIFICATE, desk.handler)),
    ]);
    for (const server of all) drain.watch(server);
    const clients = await Promise.all(
      all.map((server, index) => RawClient.connect(index === 2 ? 'https' : 'http', portOf(server))),
    );
    for (const [index, client] of clients.entries()) {
      client.get(`/${index}`);
      await desk.arrived(`/${index}`);
    }
    expect(drain.items.map(({ name }) => name)).toEqual(['GET /:id', 'GET /:id', 'GET /:id']);
    leave();
    const drained = run();
    await desk.answer('/2', '/0', '/1');
    await drained;

    expect(await Promise.all(clients.map(({ gone }) => gone))).toEqual(['end', 'end', 'end']);
    expect(clients.map(({ answers }) => answers[0]?.connection)).toEqual(['close', 'close', 'close']);
    expect(all.map(({ listening }) => listening)).toEqual([false, false, false]);
  });

  test('severs all of them at the deadline', async () => {
    const { drain, run, deadline } = scene();
    const desk = new Desk();
    const all = await Promise.all([started(createServer(desk.handler)), started(createServer(desk.handler))]);
    for (const server of all) drain.watch(server);
    const clients = await Promise.all(all.map((server) => RawClient.connect('http', portOf(server))));
    clients[0]?.get('/a');
    clients[1]?.get('/b');
    await Promise.all([desk.arrived('/a'), desk.arrived('/b')]);
    const drained = run();
    deadline.abort();
    await drained;

    await Promise.all(clients.map(({ gone }) => gone));
    expect(clients.map(({ text }) => text)).toEqual(['', '']);
  });

  test('adds a server once, and skips one that never listened', async () => {
    const { drain, run } = scene();
    const server = await started(createServer(new Desk().handler));
    drain.watch(server);
    drain.watch(server);
    drain.watch(createServer());
    // Its own, ours, and the one that shows connections from before.
    expect(server.listenerCount('request')).toBe(3);
    await run();
    expect(server.listening).toBe(false);
  });

  test('drains a server that is added during the drain', async () => {
    const { drain, run } = scene();
    const desk = new Desk();
    const [first, second] = await Promise.all([
      started(createServer(desk.handler)),
      started(createServer(desk.handler)),
    ]);
    drain.watch(first);
    const client = await RawClient.connect('http', portOf(first));
    client.get('/a');
    await desk.arrived('/a');
    const drained = run();
    drain.watch(second);
    await desk.answer('/a');
    await drained;

    expect(second.listening).toBe(false);
  });

  test('gives idle connections no grace if the shutdown was not requested from outside', async () => {
    const { drain, run } = scene({ idleGrace: 600_000 });
    const server = await started(createServer(new Desk().handler));
    drain.watch(server);
    const client = await RawClient.connect('http', portOf(server));
    await run({ kind: 'close' });

    await client.gone;
    expect(client.text).toBe('');
  });

  test('does not touch a later server on the same port', async () => {
    const { drain, run } = scene();
    const server = await started(createServer(new Desk().handler));
    const port = portOf(server);
    drain.watch(server);
    await run();
    const other = await started(createServer(new Desk().handler), port);
    const client = await RawClient.connect('http', port);
    client.get('/now');
    await client.received('/now');
    expect(other.listenerCount('connection')).toBe(1);
    client.socket.destroy();
  });
});

describe('a server on the same port that was never passed to watch()', () => {
  test('is drained from its first connection on', async () => {
    const { drain, run } = scene();
    const desk = new Desk();
    const server = await started(createServer(desk.handler));
    const sibling = await started(createServer(desk.handler), portOf(server), SIBLING);
    drain.watch(server);
    const client = await RawClient.connect('http', portOf(server), { host: SIBLING });
    client.get('/a');
    await desk.arrived('/a');
    expect(drain.items).toMatchObject([{ name: 'GET /a' }]);
    const drained = run();
    await desk.answer('/a');
    await drained;

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([{ status: 200, connection: 'close' }]);
    expect(sibling.listening).toBe(false);
  });

  test('disconnects its clients if its first connection arrives while clients disconnect', async () => {
    const { drain, leave, run } = scene();
    const desk = new Desk();
    const server = await started(createServer(desk.handler));
    await started(createServer(desk.handler), portOf(server), SIBLING);
    drain.watch(server);
    leave();
    const client = await RawClient.connect('http', portOf(server), { host: SIBLING });
    client.get('/now');

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([{ status: 200, connection: 'close' }]);
    await run();
  });

  test('is waited for if its first connection arrives during the drain', async () => {
    const { drain, run } = scene({ idleGrace: 300 });
    const desk = new Desk();
    const server = await started(createServer(desk.handler));
    const port = portOf(server);
    const sibling = await started(createServer(desk.handler), port, SIBLING);
    drain.watch(server);
    const held = await RawClient.connect('http', port);
    held.get('/held');
    await desk.arrived('/held');
    const drained = run();
    while (server.listening) await new Promise((resolve) => setImmediate(resolve));
    const client = await RawClient.connect('http', port, { host: SIBLING });
    client.get('/a');
    await desk.arrived('/a');
    await desk.answer('/held');
    await held.gone;
    await desk.answer('/a');
    await drained;

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([{ status: 200, connection: 'close' }]);
    expect(sibling.listening).toBe(false);
  });

  test('is drained over TLS', async () => {
    const { drain, run } = scene();
    const desk = new Desk();
    const server = await started(createSecure(CERTIFICATE, desk.handler));
    await started(createSecure(CERTIFICATE, desk.handler), portOf(server), SIBLING);
    drain.watch(server);
    const client = await RawClient.connect('https', portOf(server), { host: SIBLING });
    client.get('/a');
    await desk.arrived('/a');
    const drained = run();
    await desk.answer('/a');
    await drained;

    expect(await client.gone).toBe('end');
    expect(client.answers).toMatchObject([{ status: 200, connection: 'close' }]);
  });

  test('is drained over HTTP/2', async () => {
    const { drain, run } = scene();
    const make = () => createHttp2((_, response) => void setImmediate(() => response.end('ok')));
    const server = await started(make());
    const sibling = await started(make(), portOf(server), SIBLING);
    drain.watch(server);
    const session = connect(`http://${SIBLING}:${portOf(server)}`);
    const closed = new Promise((resolve) => session.once('close', resolve));
    const stream = session.request({ ':path': '/a' });
    const [headers] = await once(stream, 'response');
    stream.resume();
    await run();
    await closed;

    expect(headers[':status']).toBe(200);
    expect(sibling.listening).toBe(false);
  });
});

test('http: false creates no tasks and touches no server', async () => {
  const drain = new HttpDrain(false, systemClock);
  const server = await started(createServer());
  drain.watch(server);
  expect({ tasks: drain.tasks(), items: drain.items, listeners: server.listenerCount('request') }).toEqual({
    tasks: [],
    items: [],
    listeners: 0,
  });
});

test('a drain with a server that cannot be watched drains the others, and fails', async () => {
  const { drain, run } = scene();
  const server = await started(createServer(new Desk().handler));
  drain.watch(server);
  drain.refuse();
  await expect(run({ kind: 'close' })).rejects.toThrow('cannot be watched');
  expect(server.listening).toBe(false);
});
