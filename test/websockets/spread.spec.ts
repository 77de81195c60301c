import { once } from 'node:events';
import type { Type } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { WebSocket, type WebSocketServer } from 'ws';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { taskReport } from '../nest/application.js';
import { open, ordersGateway, withSockets, type Course } from './scene.js';

const CLIENTS = 180;
const WINDOW = 2_000;
const SLOT = 250;

test('180 clients close evenly over 2 s, and every handleDisconnect runs before anything else closes', async () => {
  const clock = new ManualClock(1_000_000);
  const servers: WebSocketServer[] = [];
  const gateways = (course: Course, port: number): Type[] => {
    @WebSocketGateway(port)
    class Orders extends ordersGateway(course, port) {
      afterInit(server: WebSocketServer): void {
        servers.push(server);
      }
    }
    return [Orders];
  };
  const { address, app, course, shutdown } = await open(
    { library: 'ws', on: 'the port of the application' },
    { clock, drain: { window: WINDOW }, gateways },
  );
  const sockets = Array.from({ length: CLIENTS }, () => new WebSocket(`ws://127.0.0.1:${address.port}`));
  await Promise.all(sockets.map((socket) => once(socket, 'open')));
  const codes = sockets.map(async (socket) => (await once(socket, 'close'))[0]);

  // When the server has begun to close how many: a count behind every step of the clock.
  const counts: { readonly at: number; readonly gone: number }[] = [];
  const ended = shutdown.run({ kind: 'signal', signal: 'SIGTERM' });
  const report = await withSockets(clock, ended, {
    stepMs: 10,
    onStep: () => {
      const staying = servers.flatMap(({ clients }) => [...clients]).filter((each) => each.readyState === 1);
      counts.push({ at: clock.now(), gone: CLIENTS - staying.length });
    },
  });
  const cleanups = course.happened.filter((each) => each === 'cleanup ends').length;
  await app.close();

  const started = 1_000_000 + (taskReport(report, 'GatewayDrain')?.startMs ?? 0);
  const goneBy = (ms: number): number => counts.findLast(({ at }) => at - started <= ms)?.gone ?? 0;
  const slots = Array.from(
    { length: (WINDOW + SLOT) / SLOT },
    (_, index) => goneBy((index + 1) * SLOT) - goneBy(index * SLOT),
  );
  process.stdout.write(
    `${CLIENTS} clients over ${WINDOW} ms, per ${SLOT} ms: ${slots.join(' ')}; cleanups ${cleanups}\n`,
  );
  expect(slots.reduce((sum, each) => sum + each)).toBe(CLIENTS);
  expect(Math.max(...slots)).toBeLessThanOrEqual((1.5 * CLIENTS * SLOT) / WINDOW);
  expect(cleanups).toBe(CLIENTS);
  expect(new Set(await Promise.all(codes))).toEqual(new Set([1001]));
});
