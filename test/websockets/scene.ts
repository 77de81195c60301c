import 'reflect-metadata';
import { Controller, Get, Param, type INestApplication, type Type } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { interval, map, type Observable } from 'rxjs';
import { machinePorts } from '../../lib/assembly.js';
import { PORTS } from '../../lib/graceful-shutdown.module.js';
import {
  GracefulShutdown,
  GracefulShutdownModule,
  enableGracefulShutdown,
  type GracefulShutdownOptions,
  type ShutdownReport,
} from '../../lib/index.js';
import { systemClock } from '../../lib/process/system-clock.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import type { Clock } from '../../lib/run/clock.js';
import { drainGateways, type GatewayDrainOptions } from '../../lib/websockets/index.js';
import { Course } from '../http-nest/shop.js';
import { RecordedLog } from '../nest/application.js';
import { freePort } from '../services/balancer.js';
import { connectClient, type Address, type Library, type TestClient } from './clients.js';

export { Course };

/** Where a gateway is reached. */
export interface Place {
  readonly library: Library;
  readonly on: 'the port of the application' | 'a port of its own';
  readonly path?: string;
  readonly namespace?: string;
}

/** Every place that a gateway can have. */
export const PLACES: readonly Place[] = (
  ['the port of the application', 'a port of its own'] as const
).flatMap((on): readonly Place[] => [
  { library: 'ws', on },
  { library: 'ws', on, path: '/live' },
  { library: 'socket.io', on },
  { library: 'socket.io', on, path: '/live' },
  { library: 'socket.io', on, namespace: '/orders' },
]);

export function titleOf({ library, on, path, namespace }: Place): string {
  return [library, `on ${on}`, path && `with a path`, namespace && `with a namespace`]
    .filter(Boolean)
    .join(' ');
}

/** Takes orders: one that begins with `now` at once, any other when it is let go. */
export function ordersGateway(course: Course, port: number, place: Partial<Place> = {}): Type {
  const { path, namespace } = place;
  @WebSocketGateway(port, { ...(path && { path }), ...(namespace && { namespace }) })
  class Orders {
    async handleConnection(): Promise<void> {
      course.say('connected');
    }

    async handleDisconnect(): Promise<void> {
      course.say('cleanup begins');
      await Promise.resolve();
      await new Promise((resolve) => setTimeout(resolve, 5));
      course.say('cleanup ends');
    }

    @SubscribeMessage('order')
    async order(@MessageBody() name: string): Promise<{ event: string; data: string }> {
      course.say(`start ${name}`);
      if (!name.startsWith('now')) await course.until(`let go ${name}`);
      course.say(`end ${name}`);
      return { event: 'ordered', data: name };
    }

    @SubscribeMessage('prices')
    prices(): Observable<{ event: string; data: number }> {
      course.say('prices');
      return interval(1).pipe(map((data) => ({ event: 'price', data })));
    }
  }
  return Orders;
}

/** Answers a request when the order of its name is let go. */
function ordersController(course: Course): Type {
  @Controller()
  class Told {
    @Get('orders/:name')
    async order(@Param('name') name: string): Promise<string> {
      course.say('asked');
      await course.until(`let go ${name}`);
      return 'told';
    }
  }
  return Told;
}

export interface Opened {
  readonly app: INestApplication;
  readonly course: Course;
  readonly log: RecordedLog;
  readonly address: Address;
  readonly shutdown: GracefulShutdown;
  connect(): Promise<TestClient>;
  /** Runs the shutdown as for a signal, and has Nest close the application. */
  stop(): Promise<ShutdownReport>;
}

export interface SceneOptions {
  readonly drain?: GatewayDrainOptions;
  readonly shutdown?: GracefulShutdownOptions;
  readonly clock?: Clock;
  /** Whether the application is enabled before it has an adapter, as in `main.ts`. */
  readonly enabledEarly?: boolean;
  readonly gateways?: (course: Course, port: number, place: Place) => Type[];
}

const oneGateway = (course: Course, port: number, place: Place): Type[] => [
  ordersGateway(course, port, place),
];

// Sockets and a whole application: slow on a busy machine.
import.meta.jest.setTimeout(60_000);

const opened: INestApplication[] = [];

afterEach(async () => {
  await Promise.allSettled(opened.splice(0).map((app) => app.close()));
});

/** Opens an application with one gateway. */
export async function open(
  place: Place,
  {
    drain = {},
    shutdown = {},
    clock = systemClock,
    gateways = oneGateway,
    enabledEarly = false,
  }: SceneOptions = {},
): Promise<Opened> {
  const course = new Course();
  const log = new RecordedLog();
  const own = place.on === 'a port of its own' ? await freePort() : 0;
  const module = await Test.createTestingModule({
    imports: [
      GracefulShutdownModule.forRoot({
        features: [drainGateways({ window: 0, ...drain })],
        http: { idleGrace: 0 },
        logger: log,
        ...shutdown,
      }),
    ],
    controllers: [ordersController(course)],
    providers: gateways(course, own, place),
  })
    .overrideProvider(PORTS)
    .useValue({ ...machinePorts(), clock })
    .compile();
  const app = module.createNestApplication({ logger: false });
  if (enabledEarly) enableGracefulShutdown(app);
  app.useWebSocketAdapter(place.library === 'ws' ? new WsAdapter(app) : new IoAdapter(app));
  opened.push(app);
  await app.listen(0, '127.0.0.1');
  const url = new URL(await app.getUrl());
  const { path, namespace } = place;
  const port = own === 0 ? Number(url.port) : own;
  const address = { port, ...(path && { path }), ...(namespace && { namespace }) };
  const graceful = app.get(GracefulShutdown);
  return {
    app,
    course,
    log,
    address,
    shutdown: graceful,
    connect: () => connectClient(place.library, address),
    stop: async () => {
      const ended = graceful.run({ kind: 'signal', signal: 'SIGTERM' });
      const report = await (clock instanceof ManualClock ? withSockets(clock, ended) : ended);
      course.say('drained');
      await app.close();
      course.say('closed');
      return report;
    },
  };
}

/** Resolves when the drain of the gateways has begun. */
export async function beganDraining({ shutdown }: Opened): Promise<void> {
  while (!shutdown.awaited.some(({ task }) => task === 'GatewayDrain')) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Moves the time on until the promise settles, and lets the sockets do what they have to in between. */
export async function withSockets<T>(
  clock: ManualClock,
  promise: Promise<T>,
  { stepMs = 10, onStep = (): void => undefined } = {},
): Promise<T> {
  let status: 'waiting' | 'settled' = 'waiting';
  const settle = (): void => {
    status = 'settled';
  };
  promise.then(settle, settle);
  while (String(status) === 'waiting') {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await clock.advance(stepMs);
    onStep();
  }
  return promise;
}
