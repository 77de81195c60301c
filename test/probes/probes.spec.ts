import { once } from 'node:events';
import { createServer } from 'node:net';
import {
  All,
  Controller,
  Get,
  Injectable,
  Module,
  UnauthorizedException,
  UseGuards,
  VersioningType,
  type CanActivate,
  type INestApplication,
} from '@nestjs/common';
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
import { RecordedLog } from '../nest/application.js';

class Refusing implements CanActivate {
  canActivate(): boolean {
    throw new UnauthorizedException();
  }
}

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

describe.each(adapters)('probes on the server of an app on %s', (_, create) => {
  test('follow readiness: 200 while the app serves, 503 from the start of the shutdown', async () => {
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

  test('reveal nothing about the app', async () => {
    const app = await create(moduleWith({ probes: { readiness: '/up' } }));
    enableGracefulShutdown(app);
    app.get(Readiness).hold('the secret price list');
    await app.listen(0, '127.0.0.1');
    const response = await fetch(`${await app.getUrl()}/up`, { headers: { connection: 'close' } });
    expect(await response.json()).toEqual({ status: 'starting' });
    await app.close();
  });

  test("return 200 until the end with whileDraining: 'keep'", async () => {
    const app = await create(moduleWith({ probes: { whileDraining: 'keep' } }));
    enableGracefulShutdown(app);
    await app.listen(0, '127.0.0.1');
    const base = await app.getUrl();
    const onlooker = app.get(Onlooker);
    onlooker.ask = () => statuses(base, ['/readyz']);
    await app.close();
    expect(onlooker.seen).toEqual([['/readyz', 200]]);
  });

  test('do not exist without the option', async () => {
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
  test('answer for an app without a server until everything is closed', async () => {
    const app = await NestFactory.createApplicationContext(moduleWith({ probes: { port: 0 } }), {
      logger: false,
    });
    enableGracefulShutdown(app);
    const base = `http://127.0.0.1:${app.get(ProbeServer).address?.port}`;
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

  test('are required: without them, probes of an app without a server are a configuration error', async () => {
    const create = NestFactory.createApplicationContext(moduleWith({ probes: {} }), {
      logger: false,
      abortOnError: false,
    });
    await expect(create).rejects.toThrow(ShutdownConfigurationError);
    await expect(create).rejects.toThrow('probes.port');
  });

  test('fail the startup if the port is in use', async () => {
    const first = await NestFactory.createApplicationContext(moduleWith({ probes: { port: 0 } }), {
      logger: false,
    });
    const port = first.get(ProbeServer).address?.port;
    const second = NestFactory.createApplicationContext(moduleWith({ probes: { port: port ?? 0 } }), {
      logger: false,
      abortOnError: false,
    });
    await expect(second).rejects.toThrow('EADDRINUSE');
    await first.close();
  });
});

test('the run of an app with probes lists no task for them', async () => {
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

describe.each(adapters)('probes on the server of an app on %s', (_, create) => {
  @Controller()
  class CatchAll {
    @All('*')
    @UseGuards(Refusing)
    any(): string {
      return 'caught';
    }
  }

  @Module({
    imports: [GracefulShutdownModule.forRoot({ logger: false, signals: [], probes: {} })],
    controllers: [CatchAll],
  })
  class AppModule {}

  test.each([
    ['with enableGracefulShutdown(app)', true],
    ['with the module alone', false],
  ])('answer before middleware, hooks, guards and routes, %s', async (__, isEnabled) => {
    const app = await create(AppModule);
    if (isEnabled) enableGracefulShutdown(app);
    app.setGlobalPrefix('api');
    app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' });
    const framework: { addHook?: (name: string, hook: () => Promise<never>) => void } = app
      .getHttpAdapter()
      .getInstance();
    const refuse = (): Promise<never> => Promise.reject(new UnauthorizedException());
    if (framework.addHook === undefined) app.use(refuse);
    else framework.addHook('onRequest', refuse);
    await app.listen(0, '127.0.0.1');
    const base = await app.getUrl();
    expect(await statuses(base, ['/readyz', '/readyz/', '/livez?probe=1'])).toEqual([
      ['/readyz', 200],
      ['/readyz/', 200],
      ['/livez?probe=1', 200],
    ]);
    const head = await fetch(`${base}/readyz`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const post = await fetch(`${base}/readyz`, { method: 'POST' });
    expect(post.status).not.toBe(200);
    expect(await statuses(base, ['/readyzz', '/api/orders'])).not.toContainEqual([expect.any(String), 200]);
    await app.close();
  });

  test('are answered even if the drain leaves the server to Nest', async () => {
    const app = await create(moduleWith({ probes: {}, http: false }));
    app.use((__: unknown, ___: unknown, next: (error: Error) => void) => next(new UnauthorizedException()));
    enableGracefulShutdown(app);
    await app.listen(0, '127.0.0.1');
    expect(await statuses(await app.getUrl(), ['/readyz'])).toEqual([['/readyz', 200]]);
    await app.close();
  });
});

describe('the port of the probes', () => {
  test('is logged, and readable from ProbeServer.address', async () => {
    const log = new RecordedLog();
    const app = await NestFactory.createApplicationContext(moduleWith({ probes: { port: 0 }, logger: log }), {
      logger: false,
    });
    const { port } = app.get(ProbeServer).address ?? {};
    expect(log.lines.map(({ text }) => text)).toContain(
      `Probes listen on http://127.0.0.1:${port} (/readyz, /livez).`,
    );
    await app.close();
    expect(app.get(ProbeServer).address).toBeUndefined();
  });

  test.each(adapters)(
    'closes after a failed startup on %s, and opens after a successful one',
    async (_, create) => {
      const taken = createServer().listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const address = taken.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const app = await create(moduleWith({ probes: { port: 0 } }));
      enableGracefulShutdown(app);
      const probes = app.get(ProbeServer);
      await expect(app.listen(port, '127.0.0.1')).rejects.toThrow('EADDRINUSE');
      expect(probes.address).toBeUndefined();
      await app.listen(0, '127.0.0.1');
      // It opens beside the start: a turn or two later.
      while (probes.address === undefined) await new Promise(setImmediate);
      await app.close();
      taken.close();
    },
  );
});
