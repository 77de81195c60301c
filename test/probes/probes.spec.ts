import { Controller, Get, Injectable, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  GracefulShutdown,
  GracefulShutdownModule,
  OnShutdown,
  Readiness,
  ShutdownConfigurationError,
  enableGracefulShutdown,
  type GracefulShutdownOptions,
} from '../../lib/index.js';
import { ProbeServer } from '../../lib/probes/probe-server.js';

@Controller()
class Shop {
  @Get('orders')
  orders(): string {
    return 'orders';
  }
}

/** Asks the probes in the middle of the shutdown. */
@Injectable()
class Onlooker {
  seen: readonly (readonly [string, number])[] = [];
  ask: () => Promise<readonly (readonly [string, number])[]> = () => Promise.resolve([]);

  @OnShutdown('unready')
  async look(): Promise<void> {
    this.seen = await this.ask();
  }
}

function moduleWith(options: GracefulShutdownOptions): new () => object {
  @Module({
    imports: [GracefulShutdownModule.forRoot({ logger: false, signals: [], ...options })],
    controllers: [Shop],
    providers: [Onlooker],
  })
  class AppModule {}
  return AppModule;
}

async function statuses(base: string, paths: readonly string[]): Promise<(readonly [string, number])[]> {
  const answers: (readonly [string, number])[] = [];
  for (const path of paths) {
    const response = await fetch(`${base}${path}`, { headers: { connection: 'close' } });
    answers.push([path, response.status]);
    await response.text();
  }
  return answers;
}

const adapters: readonly (readonly [string, (module: new () => object) => Promise<INestApplication>])[] = [
  ['express', (module) => NestFactory.create(module, { logger: false, abortOnError: false })],
  [
    'fastify',
    (module) =>
      NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), {
        logger: false,
        abortOnError: false,
      }),
  ],
];

describe.each(adapters)('probes on the server of an application on %s', (_, create) => {
  test('follow readiness: ready while it serves, not from the beginning of the shutdown on', async () => {
    const app = await create(moduleWith({ probes: {} }));
    enableGracefulShutdown(app);
    const release = app.get(Readiness).hold('price list');
    await app.listen(0, '127.0.0.1');
    const base = await app.getUrl();
    const paths = ['/readyz', '/livez'];
    expect(await statuses(base, paths)).toEqual([
      ['/readyz', 503],
      ['/livez', 200],
    ]);
    release();
    expect(await statuses(base, paths)).toEqual([
      ['/readyz', 200],
      ['/livez', 200],
    ]);
    const onlooker = app.get(Onlooker);
    onlooker.ask = () => statuses(base, [...paths, '/orders']);
    await app.close();
    expect(onlooker.seen).toEqual([
      ['/readyz', 503],
      ['/livez', 200],
      ['/orders', 200],
    ]);
  });

  test('say nothing of the inside', async () => {
    const app = await create(moduleWith({ probes: { readiness: '/up' } }));
    enableGracefulShutdown(app);
    app.get(Readiness).hold('the secret price list');
    await app.listen(0, '127.0.0.1');
    const response = await fetch(`${await app.getUrl()}/up`, { headers: { connection: 'close' } });
    expect(await response.json()).toEqual({ status: 'starting' });
    await app.close();
  });

  test("stay green to the end where whileDraining is 'keep'", async () => {
    const app = await create(moduleWith({ probes: { whileDraining: 'keep' } }));
    enableGracefulShutdown(app);
    await app.listen(0, '127.0.0.1');
    const base = await app.getUrl();
    const onlooker = app.get(Onlooker);
    onlooker.ask = () => statuses(base, ['/readyz']);
    await app.close();
    expect(onlooker.seen).toEqual([['/readyz', 200]]);
  });

  test('are not there unless they are asked for', async () => {
    const app = await create(moduleWith({}));
    enableGracefulShutdown(app);
    await app.listen(0, '127.0.0.1');
    expect(await statuses(await app.getUrl(), ['/readyz', '/livez'])).toEqual([
      ['/readyz', 404],
      ['/livez', 404],
    ]);
    await app.close();
  });
});

describe('probes on a port of their own', () => {
  test('answer for an application without a server, until everything is closed', async () => {
    const app = await NestFactory.createApplicationContext(moduleWith({ probes: { port: 0 } }), {
      logger: false,
    });
    enableGracefulShutdown(app);
    const base = `http://127.0.0.1:${app.get(ProbeServer).port}`;
    expect(await statuses(base, ['/readyz', '/livez', '/else'])).toEqual([
      ['/readyz', 200],
      ['/livez', 200],
      ['/else', 404],
    ]);
    const onlooker = app.get(Onlooker);
    onlooker.ask = () => statuses(base, ['/readyz', '/livez']);
    await app.close();
    expect(onlooker.seen).toEqual([
      ['/readyz', 503],
      ['/livez', 200],
    ]);
    await expect(fetch(base)).rejects.toMatchObject({ name: 'TypeError' });
  });

  test('are a mistake to leave out where the application has no server', async () => {
    const create = NestFactory.createApplicationContext(moduleWith({ probes: {} }), {
      logger: false,
      abortOnError: false,
    });
    await expect(create).rejects.toThrow(ShutdownConfigurationError);
    await expect(create).rejects.toThrow('probes.port');
  });

  test('keep the application from starting where the port is taken', async () => {
    const first = await NestFactory.createApplicationContext(moduleWith({ probes: { port: 0 } }), {
      logger: false,
    });
    const { port } = first.get(ProbeServer);
    const second = NestFactory.createApplicationContext(moduleWith({ probes: { port: port ?? 0 } }), {
      logger: false,
      abortOnError: false,
    });
    await expect(second).rejects.toThrow('EADDRINUSE');
    await first.close();
  });
});

test('the run of an application with probes names no task for them', async () => {
  const app = await NestFactory.create(moduleWith({ probes: {} }), { logger: false });
  enableGracefulShutdown(app);
  await app.init();
  const tasks = app
    .get(GracefulShutdown)
    .plan()
    .phases.flatMap((phase) => phase.tasks);
  expect(tasks.map((task) => task.name).filter((name) => name.includes('robe'))).toEqual([]);
  await app.close();
});
