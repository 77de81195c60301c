import type { Type } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { DEFAULT_PHASES } from '../../lib/index.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { taskReport } from '../nest/application.js';
import { connectClient } from './clients.js';
import { open, ordersGateway, type Course, type Place } from './scene.js';

const ON_APP: Place = { library: 'ws', on: 'the port of the application' };

/** The manual clock stands at a time of its own. */
const manual = (): ManualClock => new ManualClock(1_000_000);

const drainFor = (timeout: number) => ({
  phases: DEFAULT_PHASES.map((phase) => (phase.name === 'drain' ? { ...phase, timeout } : phase)),
});

describe.each(['ws', 'socket.io'] as const)('on %s', (library) => {
  const place: Place = { ...ON_APP, library };

  test('app.close() closes all clients at once despite the window, and still answers them', async () => {
    for (const mode of ['close', 'finish'] as const) {
      const { app, connect, course, shutdown } = await open(place, {
        drain: { window: 600_000, mode },
        shutdown: { ...drainFor(900_000), gracePeriod: 1_000_000 },
      });
      const client = await connect();
      client.send('order', 'a');
      await course.until('start a');
      const closed = app.close();
      setTimeout(() => course.say('let go a'), 20);
      await closed;

      expect(await client.closed).toMatchObject({ code: 1001 });
      expect(client.received).toEqual(['{"event":"ordered","data":"a"}']);
      expect(taskReport(shutdown.report, 'GatewayDrain')).toMatchObject({ outcome: 'completed' });
    }
  });

  test('clients left at the deadline are severed, and their work is named by event and age', async () => {
    const clock = manual();
    const { connect, course, stop } = await open(place, { clock, shutdown: drainFor(3_000) });
    const [busy, second] = await Promise.all([connect(), connect()]);
    busy.send('order', 'never');
    second.send('order', 'never either');
    await course.until('start never');
    await course.until('start never either');
    const report = await stop();

    expect(taskReport(report, 'GatewayDrain')).toMatchObject({
      outcome: 'timed-out',
      inFlight: [
        { name: `order (${library})`, ageMs: 3_000 },
        { name: `order (${library})`, ageMs: 3_000 },
      ],
    });
    expect(await busy.closed).toMatchObject({ code: 1006 });
    expect(await second.closed).toMatchObject({ code: 1006 });
  });

  test('a client that does not close its side is cut after 2 s', async () => {
    const clock = manual();
    const { connect, course, stop } = await open(place, { clock });
    const client = await connect();
    client.freeze();
    const report = await stop();

    expect(taskReport(report, 'GatewayDrain')).toMatchObject({ outcome: 'completed' });
    const { durationMs = 0 } = taskReport(report, 'GatewayDrain') ?? {};
    expect(durationMs).toBeGreaterThanOrEqual(2_000);
    expect(durationMs).toBeLessThan(2_500);
    expect(course.happened).toContain('cleanup ends');
  });

  describe("with mode: 'finish'", () => {
    test('a client that leaves by itself is not closed', async () => {
      const clock = manual();
      const { connect, course, stop } = await open(place, {
        clock,
        drain: { mode: 'finish', window: 2_000 },
      });
      const client = await connect();
      const stopped = stop();
      await clock.sleep(4_000);
      client.send('order', 'now late');
      await course.until('end now late');
      client.leave();
      const report = await stopped;

      const { durationMs = 0 } = taskReport(report, 'GatewayDrain') ?? {};
      expect(durationMs).toBeGreaterThanOrEqual(4_000);
      expect(durationMs).toBeLessThan(8_000);
      expect((await client.closed).code).not.toBe(1001);
      expect(course.happened).toContain('cleanup ends');
    });

    test('a client that stays is closed normally before the deadline', async () => {
      const { connect, stop } = await open(place, {
        clock: manual(),
        drain: { mode: 'finish', window: 2_000 },
      });
      const client = await connect();
      const report = await stop();

      expect(await client.closed).toMatchObject({ code: 1001 });
      const drain = taskReport(report, 'GatewayDrain');
      expect(drain).toMatchObject({ outcome: 'completed' });
      expect(drain?.durationMs).toBeGreaterThan(9_000);
    });
  });

  test('the window ends before the phase times out', async () => {
    const clock = manual();
    const { connect, stop } = await open(place, {
      clock,
      drain: { window: 60_000 },
      shutdown: drainFor(4_000),
    });
    const clients = await Promise.all(Array.from({ length: 8 }, connect));
    const report = await stop();

    expect(taskReport(report, 'GatewayDrain')).toMatchObject({ outcome: 'completed' });
    for (const client of clients) expect(await client.closed).toMatchObject({ code: 1001 });
  });

  test('the configured event is sent before the close, and messages it causes are still answered', async () => {
    const { connect, stop } = await open(place, {
      drain: { event: { event: 'leaving', data: { in: '1 s' } } },
    });
    const client = await connect();
    const answered = client.receives('leaving').then(() => client.send('order', 'now last'));
    await stop();
    await Promise.all([answered, client.closed]);

    expect(client.received).toEqual([
      '{"event":"leaving","data":{"in":"1 s"}}',
      '{"event":"ordered","data":"now last"}',
    ]);
  });

  test("an endless stream is completed with streams: 'end', and waited for otherwise", async () => {
    const ending = await open(place, { drain: { streams: 'end' } });
    const client = await ending.connect();
    client.send('prices');
    await client.receives('"price","data":3');
    const { outcome } = await ending.stop();
    expect(outcome).toBe('completed');
    expect(await client.closed).toMatchObject({ code: 1001 });

    const waiting = await open(place, { clock: manual(), shutdown: drainFor(3_000) });
    const other = await waiting.connect();
    other.send('prices');
    await other.receives('"price","data":3');
    expect(taskReport(await waiting.stop(), 'GatewayDrain')).toMatchObject({
      outcome: 'timed-out',
      inFlight: [{ name: `prices (${library})` }],
    });
  });

  test('a handler is waited for even if its client has gone', async () => {
    const { connect, course, stop } = await open(place);
    const client = await connect();
    client.send('order', 'a');
    await course.until('start a');
    client.leave();
    await course.until('cleanup ends');
    const stopped = stop();
    setTimeout(() => course.say('let go a'), 30);
    await stopped;

    expect(course.happened.slice(-3)).toEqual(['end a', 'drained', 'closed']);
  });

  test('a failing handleDisconnect is reported, and does not affect others', async () => {
    const failing = (course: Course, port: number, at: Place): Type[] => {
      const Orders = ordersGateway(course, port, at);
      let failed = 0;
      @WebSocketGateway(port)
      class Failing extends Orders {
        async handleDisconnect(): Promise<void> {
          failed += 1;
          const nth = failed;
          await new Promise((resolve) => setTimeout(resolve, nth));
          course.say(`cleanup ${nth}`);
          if (nth === 1) throw new Error('no database');
        }
      }
      return [Failing];
    };
    const { connect, course, stop } = await open(place, { gateways: failing });
    await Promise.all([connect(), connect(), connect()]);
    const report = await stop();

    expect(taskReport(report, 'GatewayDrain')).toMatchObject({
      outcome: 'failed',
      error: expect.objectContaining({ message: 'no database' }),
    });
    expect(course.happened.filter((each) => each.startsWith('cleanup '))).toHaveLength(3);
  });

  test('an event that cannot be sent is reported, and all clients are still closed', async () => {
    const data: { self?: unknown; big: bigint } = { big: 1n };
    data.self = data;
    const { connect, stop } = await open(place, { drain: { event: { event: 'leaving', data } } });
    const client = await connect();
    const report = await stop();

    expect(await client.closed).toMatchObject({ code: 1001 });
    expect(taskReport(report, 'GatewayDrain')).toMatchObject({ outcome: 'failed' });
  });

  test('HTTP and sockets drain in parallel, and neither resets the other', async () => {
    const { app, connect, course, stop } = await open(place);
    const client = await connect();
    client.send('order', 'a');
    const answer = fetch(`${await app.getUrl()}/orders/a`).then((response) => response.text());
    await Promise.all([course.until('asked'), course.until('start a')]);
    const stopped = stop();
    setTimeout(() => course.say('let go a'), 30);
    const report = await stopped;

    expect(await answer).toBe('told');
    expect(client.received).toEqual(['{"event":"ordered","data":"a"}']);
    expect(report.outcome).toBe('completed');
  });

  test("the gateway's own port is closed even if HTTP is left to Nest", async () => {
    const { address, connect, course, stop } = await open(
      { library, on: 'a port of its own' },
      { shutdown: { http: false }, drain: { event: { event: 'leave' } } },
    );
    const client = await connect();
    client.send('order', 'a');
    await course.until('start a');
    const stopped = stop();
    await client.receives('leave');
    await expect(fetch(`http://127.0.0.1:${address.port}`)).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    });
    course.say('let go a');
    await stopped;
    expect(await client.closed).toMatchObject({ code: 1001 });
  });
});

test("a socket.io client is disconnected for good with socketIo: 'disconnect'", async () => {
  const { connect, stop } = await open(
    { ...ON_APP, library: 'socket.io' },
    { drain: { socketIo: 'disconnect' } },
  );
  const client = await connect();
  await stop();

  expect(await client.closed).toMatchObject({ reason: 'io server disconnect' });
});

test('a polling socket.io client is answered through its open poll, and closed', async () => {
  const { address, course, stop } = await open({ ...ON_APP, library: 'socket.io' });
  const client = await connectClient('socket.io', { ...address, polling: true });
  client.send('order', 'a');
  await course.until('start a');
  const stopped = stop();
  setTimeout(() => course.say('let go a'), 30);
  const report = await stopped;
  await client.closed;

  expect(client.received).toEqual(['{"event":"ordered","data":"a"}']);
  expect(report.outcome).toBe('completed');
  expect(course.happened).toContain('cleanup ends');
});
