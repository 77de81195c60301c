import type { Type } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { taskReport } from '../nest/application.js';
import { beganDraining, open, ordersGateway, type Course, type Place } from './scene.js';

const ON_APP: Place = { library: 'ws', on: 'the port of the application' };

/** Keeps the sockets of the server, to see when they have told their clients to leave. */
const keeping =
  (sockets: object[]) =>
  (course: Course, port: number, place: Place): Type[] => {
    const Orders = ordersGateway(course, port, place);
    @WebSocketGateway(port)
    class Keeping extends Orders {
      async handleConnection(socket: object): Promise<void> {
        sockets.push(socket);
        course.say('connected');
      }
    }
    return [Keeping];
  };

/** The path from a socket of the server to the state of its WebSocket. */
const STATE = { ws: ['readyState'], 'socket.io': ['conn', 'transport', 'socket', 'readyState'] } as const;
const CLOSING = 2;

async function closing(socket: object, library: keyof typeof STATE): Promise<void> {
  const state = (): unknown =>
    STATE[library].reduce<unknown>(
      (value, member) =>
        typeof value === 'object' && value !== null ? Reflect.get(value, member) : undefined,
      socket,
    );
  while (state() !== CLOSING) await new Promise((resolve) => setImmediate(resolve));
}

describe.each(['ws', 'socket.io'] as const)('on %s, a message', (library) => {
  const place: Place = { ...ON_APP, library };

  test("is handled and answered while another one of its client is in flight, even after the client's turn", async () => {
    const scene = await open(place);
    const client = await scene.connect();
    client.send('order', 'a');
    await scene.course.until('start a');
    const stopped = scene.app.close();
    await beganDraining(scene);
    client.send('order', 'now b');
    await client.receives('now b');
    scene.course.say('let go a');
    await stopped;

    expect(await client.closed).toMatchObject({ code: 1001 });
    expect(client.received).toEqual(['{"event":"ordered","data":"now b"}', '{"event":"ordered","data":"a"}']);
  });

  test('sent before the client sees the close is handled, even though it cannot be answered', async () => {
    const sockets: object[] = [];
    const { connect, course, stop } = await open(place, { gateways: keeping(sockets) });
    const client = await connect();
    await course.until('connected');
    client.freeze();
    const stopped = stop();
    await closing(sockets[0] ?? {}, library);
    client.send('order', 'now late');
    client.send('order', 'slow');
    await course.until('end now late');
    await course.until('start slow');
    setTimeout(() => course.say('let go slow'), 2_100);
    const report = await stopped;

    expect(report.outcome).toBe('completed');
    expect(course.happened.indexOf('end slow')).toBeLessThan(course.happened.indexOf('drained'));
  });

  test("that crosses the close is not started with crossing: 'refuse'", async () => {
    const sockets: object[] = [];
    const { connect, course, stop } = await open(place, {
      gateways: keeping(sockets),
      drain: { crossing: 'refuse' },
    });
    const client = await connect();
    await course.until('connected');
    client.freeze();
    const stopped = stop();
    await closing(sockets[0] ?? {}, library);
    client.send('order', 'now late');
    await stopped;

    expect(course.happened).not.toContain('start now late');
  });
});

test('a hanging handleDisconnect is named at the deadline, and delays nothing further', async () => {
  const hanging = (course: Course, port: number, place: Place): Type[] => {
    const Orders = ordersGateway(course, port, place);
    @WebSocketGateway(port)
    class Hanging extends Orders {
      handleDisconnect(): Promise<void> {
        course.say('hangs');
        return new Promise(() => undefined);
      }
    }
    return [Hanging];
  };
  const clock = new ManualClock(1_000_000);
  const { connect, stop } = await open(ON_APP, { gateways: hanging, clock });
  await connect();

  expect(taskReport(await stop(), 'GatewayDrain')).toMatchObject({
    outcome: 'timed-out',
    inFlight: [{ name: 'handleDisconnect (ws)' }],
  });
});

test('a socket whose close throws is cut and reported, and the others close normally', async () => {
  const sockets: object[] = [];
  const clock = new ManualClock(1_000_000);
  const { connect, course, stop } = await open(ON_APP, { gateways: keeping(sockets), clock });
  const broken = await connect();
  await course.until('connected');
  Reflect.set(sockets[0] ?? {}, 'close', () => {
    throw new Error('broken close');
  });
  const whole = await connect();
  const report = await stop();

  expect(taskReport(report, 'GatewayDrain')).toMatchObject({
    outcome: 'failed',
    error: expect.objectContaining({ message: 'broken close' }),
  });
  expect((await broken.closed).code).toBe(1006);
  expect((await whole.closed).code).toBe(1001);
});
