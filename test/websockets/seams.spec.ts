import { EventEmitter } from 'node:events';
import { Injectable, Module, Scope, type Type } from '@nestjs/common';
import { ApplicationConfig, NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { GracefulShutdown, GracefulShutdownModule, enableGracefulShutdown } from '../../lib/index.js';
import { drainGateways } from '../../lib/websockets/index.js';
import { RecordedLog, taskReport } from '../nest/application.js';
import { connectClient } from './clients.js';
import { Course, open, ordersGateway, type Place } from './scene.js';

const ON_APP: Place = { library: 'ws', on: 'the port of the application' };

/** An application with a gateway, and an adapter where one is given. */
async function openWith(adapter: object | undefined, gateway: Type) {
  const log = new RecordedLog();
  class AppModule {}
  Module({
    imports: [GracefulShutdownModule.forRoot({ features: [drainGateways()], logger: log })],
    providers: [gateway],
  })(AppModule);
  const app = await NestFactory.create(AppModule, { logger: false });
  if (adapter !== undefined) Reflect.apply(app.useWebSocketAdapter, app, [adapter]);
  await app.init();
  return { app, log };
}

/** An adapter of a library that nobody knows. */
class OtherAdapter {
  readonly server = new EventEmitter();

  create(): EventEmitter {
    return this.server;
  }

  bindClientConnect(server: EventEmitter, connect: (client: object) => void): void {
    server.on('connection', connect);
  }

  bindMessageHandlers(): void {}

  async close(): Promise<void> {}

  async dispose(): Promise<void> {}
}

test('a client of an unknown library is logged once', async () => {
  const adapter = new OtherAdapter();
  const { app, log } = await openWith(adapter, ordersGateway(new Course(), 0));
  adapter.server.emit('connection', new EventEmitter());
  adapter.server.emit('connection', new EventEmitter());

  expect(log.warnings).toEqual([
    expect.stringMatching(/^The port of a gateway on OtherAdapter is not drained/),
    expect.stringMatching(
      /^A client of OtherAdapter is not drained: its library is neither ws nor socket\.io/,
    ),
  ]);
  await app.close();
});

test('a warning is logged if Nest gets the adapter in another way', async () => {
  // As a Nest that keeps the adapter elsewhere would: ours is never asked.
  const getIoAdapter = ApplicationConfig.prototype.getIoAdapter;
  const log = new RecordedLog();
  class AppModule {}
  Module({
    imports: [GracefulShutdownModule.forRoot({ features: [drainGateways()], logger: log })],
    providers: [ordersGateway(new Course(), 0)],
  })(AppModule);
  const app = await NestFactory.create(AppModule, { logger: false });
  app.useWebSocketAdapter(new WsAdapter(app));
  const config = app.get(ApplicationConfig, { strict: false });
  const followed = config.getIoAdapter.bind(config);
  let asks = 0;
  Object.defineProperty(config, 'getIoAdapter', {
    configurable: true,
    value: () => {
      asks += 1;
      return isAskedByUs(new Error('who asks')) ? followed() : Reflect.apply(getIoAdapter, config, []);
    },
  });
  await app.init();
  await app.close();

  expect(asks).toBeGreaterThan(0);
  expect(log.warnings).toEqual([
    'A gateway is not drained: Nest bound it to its server in an unknown way, or not at all.',
  ]);
});

test('an app that closes before it has started logs no warning about gateways', async () => {
  const log = new RecordedLog();
  class AppModule {}
  Module({
    imports: [GracefulShutdownModule.forRoot({ features: [drainGateways()], logger: log })],
    providers: [ordersGateway(new Course(), 0)],
  })(AppModule);
  const app = enableGracefulShutdown(await NestFactory.create(AppModule, { logger: false }));
  app.useWebSocketAdapter(new WsAdapter(app));
  await app.close();

  expect(taskReport(app.get(GracefulShutdown).report, 'GatewayDrain')).toMatchObject({
    outcome: 'completed',
  });
  expect(log.warnings).toEqual([]);
});

/** Whether the call comes from the library. */
function isAskedByUs({ stack = '' }: Error): boolean {
  return stack.includes('/lib/websockets/');
}

test('an application context without a server has no gateways to drain', async () => {
  class AppModule {}
  const log = new RecordedLog();
  Module({
    imports: [GracefulShutdownModule.forRoot({ features: [drainGateways()], logger: log })],
    providers: [ordersGateway(new Course(), 0)],
  })(AppModule);
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  await app.close();

  expect(taskReport(app.get(GracefulShutdown).report, 'GatewayDrain')).toMatchObject({
    outcome: 'completed',
  });
  expect(log.warnings).toEqual([]);
});

test.each(['ws', 'socket.io'] as const)(
  'a gateway on %s is found even if the plan is made before it is bound',
  async (library) => {
    const { app, log, connect, course, stop } = await open(
      { library, on: 'a port of its own' },
      { enabledEarly: true },
    );
    const client = await connect();
    client.send('order', 'a');
    await course.until('start a');
    const stopped = stop();
    setTimeout(() => course.say('let go a'), 20);
    await stopped;

    expect(await client.closed).toMatchObject({ code: 1001 });
    expect(client.received).toEqual(['{"event":"ordered","data":"a"}']);
    expect(course.happened.slice(-3)).toEqual(['cleanup ends', 'drained', 'closed']);
    expect(log.warnings).toEqual([]);
    expect(app.get(GracefulShutdown).report?.outcome).toBe('completed');
  },
);

test('the adapter that Nest chooses itself is found', async () => {
  const { app, log } = await openWith(undefined, ordersGateway(new Course(), 0));
  expect(log.warnings).toEqual([]);
  await app.close();
});

test('two gateways on one server close each client once, and both answer it', async () => {
  const gateways = (course: Course, port: number, place: Place): Type[] => {
    @WebSocketGateway(port)
    class Stock {
      @SubscribeMessage('stock')
      async stock(@MessageBody() name: string): Promise<{ event: string; data: string }> {
        course.say(`start ${name}`);
        await course.until(`let go ${name}`);
        return { event: 'stocked', data: name };
      }
    }
    return [ordersGateway(course, port, place), Stock];
  };
  const { connect, course, stop } = await open(ON_APP, { gateways });
  const client = await connect();
  client.send('order', 'a');
  client.send('stock', 'b');
  await Promise.all([course.until('start a'), course.until('start b')]);
  const stopped = stop();
  course.say('let go b');
  await client.receives('stocked');
  course.say('let go a');
  await stopped;

  expect(await client.closed).toMatchObject({ code: 1001 });
  expect(client.received).toEqual(['{"event":"stocked","data":"b"}', '{"event":"ordered","data":"a"}']);
  expect(course.happened.filter((each) => each === 'cleanup ends')).toHaveLength(1);
});

test('a client admitted while the drain begins is closed, and its gateway does not see it', async () => {
  const checks: ((verified: boolean) => void)[] = [];
  const gateways = (course: Course, port: number): Type[] => {
    @WebSocketGateway(port, {
      verifyClient: (_: unknown, answer: (verified: boolean) => void) => {
        checks.push(answer);
        course.say('asked to come in');
      },
    })
    class Guarded extends ordersGateway(course, port) {}
    return [Guarded];
  };
  const { connect, course, stop } = await open(ON_APP, { gateways, drain: { event: { event: 'leave' } } });
  const first = connect();
  await course.until('asked to come in');
  checks.shift()?.(true);
  const client = await first;
  client.send('order', 'a');
  await course.until('start a');
  const late = connect();
  while (checks.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const stopped = stop();
  await client.receives('leave');
  checks.shift()?.(true);
  expect(await (await late).closed).toMatchObject({ code: 1001 });
  course.say('let go a');
  await stopped;

  expect(course.happened.filter((each) => each === 'connected')).toHaveLength(1);
});

test('two clients of one namespace are both closed', async () => {
  const { address, connect, course, stop } = await open({
    library: 'socket.io',
    on: 'the port of the application',
    namespace: '/orders',
  });
  const [client, other] = await Promise.all([connect(), connectClient('socket.io', address)]);
  const report = await stop();
  expect(await client.closed).toMatchObject({ code: 1001 });
  expect(await other.closed).toMatchObject({ code: 1001 });
  expect(taskReport(report, 'GatewayDrain')).toMatchObject({ outcome: 'completed' });
  expect(course.happened.filter((each) => each === 'cleanup ends')).toHaveLength(2);
});

test('handleDisconnect of a request-scoped gateway is awaited', async () => {
  const gateways = (course: Course, port: number): Type[] => {
    @Injectable({ scope: Scope.REQUEST })
    class Session {}
    @WebSocketGateway(port)
    class PerClient extends ordersGateway(course, port) {
      constructor(readonly session: Session) {
        super();
      }
    }
    return [Session, PerClient];
  };
  const { connect, course, stop } = await open(ON_APP, { gateways });
  const client = await connect();
  await stop();
  await client.closed;

  expect(course.happened.slice(-3)).toEqual(['cleanup ends', 'drained', 'closed']);
});
