import { GATEWAY_METADATA } from '@nestjs/websockets/constants.js';
import { GATEWAY_MARK } from '../../lib/websockets/gateway-seams.js';
import { taskReport } from '../nest/application.js';
import { RawClient } from '../http/raw-client.js';
import { open, PLACES, titleOf, type Place } from './scene.js';

/** A request for a new WebSocket. */
function upgradeOf({ library, path }: Place): string {
  const target = library === 'ws' ? (path ?? '/') : `${path ?? '/socket.io'}/?EIO=4&transport=websocket`;
  const headers = ['Host: a', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  const key = `Sec-WebSocket-Key: ${Buffer.from('0123456789abcdef').toString('base64')}`;
  return [`GET ${target} HTTP/1.1`, ...headers, key, '\r\n'].join('\r\n');
}

test('gateways have the metadata key that Nest writes', () => {
  expect(GATEWAY_MARK).toBe(GATEWAY_METADATA);
});

describe.each(PLACES.map((place) => [titleOf(place), place] as const))('a gateway on %s', (_, place) => {
  test('is found without a warning', async () => {
    const { log, shutdown } = await open(place);
    const names = shutdown.plan().phases.flatMap(({ tasks }) => tasks.map(({ name }) => name));

    expect(names).toContain('GatewayDrain');
    expect(log.warnings).toEqual([]);
  });

  test('closes its clients with 1001 so that they reconnect', async () => {
    const { connect, stop, log } = await open(place);
    const client = await connect();
    const report = await stop();

    expect(await client.closed).toEqual({
      code: 1001,
      reason: place.library === 'ws' ? 'going away' : 'transport close',
    });
    expect(taskReport(report, 'GatewayDrain')).toMatchObject({ outcome: 'completed' });
    expect(log.warnings).toEqual([]);
  });

  test('closes its clients with the configured code', async () => {
    const { connect, stop } = await open(place, { drain: { code: 4001, reason: 'new version' } });
    const client = await connect();
    await stop();

    expect(await client.closed).toMatchObject({
      code: 4001,
      reason: place.library === 'ws' ? 'new version' : 'transport close',
    });
  });

  test('answers messages in flight and runs handleDisconnect before anything closes', async () => {
    const { connect, course, stop } = await open(place);
    const client = await connect();
    client.send('order', 'a');
    await course.until('start a');
    const stopped = stop();
    setTimeout(() => course.say('let go a'), 20);
    await stopped;
    await client.closed;

    expect(client.received).toEqual(['{"event":"ordered","data":"a"}']);
    expect(course.happened).toEqual([
      'connected',
      'start a',
      'let go a',
      'end a',
      'cleanup begins',
      'cleanup ends',
      'drained',
      'closed',
    ]);
  });

  test('answers new clients with 503', async () => {
    const scene = await open(place, {
      drain: { event: { event: 'leave' } },
      // A connection that is there already, and does not know of the drain.
      shutdown: { http: { idleGrace: 60_000 } },
    });
    const [client, late] = await Promise.all([
      scene.connect(),
      RawClient.connect('http', scene.address.port),
    ]);
    client.send('order', 'a');
    await scene.course.until('start a');
    const stopped = scene.stop();
    await client.receives('leave');
    late.send(upgradeOf(place));
    await late.received('503');
    scene.course.say('let go a');
    await stopped;

    await expect(scene.connect()).rejects.toBeDefined();
    expect(scene.course.happened.filter((each) => each === 'connected')).toHaveLength(1);
  });

  test('starts no work for a client after its turn', async () => {
    const { app, connect, course } = await open(place, { drain: { event: { event: 'leave' } } });
    const client = await connect();
    client.send('order', 'a');
    await course.until('start a');
    const closed = app.close();
    await client.receives('leave');
    client.send('order', 'now b');
    client.send('order', 'now c');
    await client.flushed();
    course.say('let go a');
    await closed;
    await client.closed;

    expect(client.received).toEqual(['{"event":"leave"}', '{"event":"ordered","data":"a"}']);
    expect(course.happened.filter((each) => each.startsWith('start'))).toEqual(['start a']);
  });

  test('is closed by Nest without an error, even twice', async () => {
    const { app, connect, stop } = await open(place);
    const client = await connect();
    await stop();
    await expect(app.close()).resolves.toBeUndefined();
    expect(await client.closed).toMatchObject({ code: 1001 });
  });
});
