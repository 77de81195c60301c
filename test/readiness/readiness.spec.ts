import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createNetServer } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import {
  GracefulShutdown,
  HttpDrain,
  Readiness,
  type GracefulShutdownOptions,
  type ShutdownReason,
} from '../../lib/index.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { bootApplication, taskReport, testingModule } from '../nest/application.js';

/** An application with a server that does not listen yet. */
async function createServer(shutdown: GracefulShutdownOptions = {}) {
  const clock = new ManualClock(1_000_000);
  const module = await testingModule({ shutdown }, { clock }).compile();
  const app: INestApplication = module.createNestApplication({ logger: false });
  return { app, clock, readiness: module.get(Readiness), shutdown: module.get(GracefulShutdown) };
}

describe('readiness without a server', () => {
  test('is starting until the app is initialised', async () => {
    const module = await testingModule({}).compile();
    const readiness = module.get(Readiness);
    expect(readiness.state).toBe('starting');
    await module.init();
    expect(readiness.state).toBe('ready');
  });

  test('is starting while a provider is still being initialised', async () => {
    const states: string[] = [];
    class Cache {
      onApplicationBootstrap(): void {
        states.push(module.get(Readiness).state);
      }

      onModuleInit(): void {
        states.push(module.get(Readiness).state);
      }
    }
    const module = await testingModule({ providers: [Cache] }).compile();
    await module.init();
    expect(states[0]).toBe('starting');
    expect(module.get(Readiness).state).toBe('ready');
  });

  test('is draining from the start of the shutdown, for good', async () => {
    const { module, shutdown, finish } = await bootApplication({});
    const readiness = module.get(Readiness);
    const states: string[] = [];
    shutdown.register({ name: 'look', phase: 'unready', run: () => states.push(readiness.state) });
    await finish();
    expect(states).toEqual(['draining']);
    expect(readiness.state).toBe('draining');
  });

  test('is draining before any listener sees the shutdown', async () => {
    const { module, shutdown, finish } = await bootApplication({});
    const readiness = module.get(Readiness);
    const states: string[] = [];
    shutdown.draining$.subscribe(() => states.push(readiness.state));
    shutdown.signal.addEventListener('abort', () => states.push(readiness.state));
    shutdown.events$.subscribe(() => states.push(readiness.state));
    await finish();
    expect(new Set(states)).toEqual(new Set(['draining']));
  });
});

describe('readiness with a server', () => {
  test('is starting until the server listens', async () => {
    const { app, readiness } = await createServer();
    try {
      expect(readiness.state).toBe('starting');
      await app.init();
      expect(readiness.state).toBe('starting');
      await app.listen(0, '127.0.0.1');
      expect(readiness.state).toBe('ready');
    } finally {
      await app.close();
    }
    expect(readiness.state).toBe('draining');
  });
});

describe('a readiness hold', () => {
  test('keeps the app from being ready until it is released', async () => {
    const { module } = await bootApplication({});
    const readiness = module.get(Readiness);
    const release = readiness.hold('cache');
    expect(readiness.state).toBe('starting');
    expect(readiness.holds).toEqual(['cache']);
    release();
    expect(readiness.state).toBe('ready');
    expect(readiness.holds).toEqual([]);
  });

  test('taken before the app is initialised also counts afterwards', async () => {
    const module = await testingModule({}).compile();
    const readiness = module.get(Readiness);
    const release = readiness.hold('cache');
    await module.init();
    expect(readiness.state).toBe('starting');
    release();
    expect(readiness.state).toBe('ready');
  });

  test('counts each time it is taken, even under one name', async () => {
    const { module } = await bootApplication({});
    const readiness = module.get(Readiness);
    const first = readiness.hold('database');
    const second = readiness.hold('database');
    first();
    first();
    expect(readiness.holds).toEqual(['database']);
    expect(readiness.state).toBe('starting');
    second();
    expect(readiness.state).toBe('ready');
  });

  test('has no effect once the shutdown has begun', async () => {
    const { module, finish } = await bootApplication({});
    const readiness = module.get(Readiness);
    const release = readiness.hold('database');
    await finish();
    expect(readiness.state).toBe('draining');
    release();
    readiness.hold('another');
    expect(readiness.state).toBe('draining');
  });
});

describe('rule 13: the shutdownDelay', () => {
  const options: GracefulShutdownOptions = { shutdownDelay: 4_000 };

  test.each<[string, ShutdownReason, number]>([
    ['waits for a signal', { kind: 'signal', signal: 'SIGTERM' }, 4_000],
    ['waits for the message of a parent', { kind: 'message' }, 4_000],
    ['does not wait for app.close()', { kind: 'close' }, 0],
    ['does not wait for a request', { kind: 'request', message: 'a script' }, 0],
    [
      'does not wait for a fatal error',
      { kind: 'error', error: new Error('no'), origin: 'uncaughtException' },
      0,
    ],
  ])('%s', async (_, reason, durationMs) => {
    const { app, clock, shutdown } = await createServer(options);
    await app.listen(0, '127.0.0.1');
    try {
      const report = await clock.runUntil(shutdown.run(reason));
      expect(report.outcome).toBe('completed');
      expect(report.phases[0]?.name).toBe('unready');
      expect(taskReport(report, 'shutdownDelay')).toEqual({
        name: 'shutdownDelay',
        outcome: 'completed',
        startMs: 0,
        durationMs,
      });
    } finally {
      await app.close();
    }
  });

  test('does not wait if the server never listened', async () => {
    const { app, clock, shutdown } = await createServer(options);
    await app.init();
    const report = await clock.runUntil(shutdown.run({ kind: 'signal', signal: 'SIGTERM' }));
    await app.close();
    expect(report.durationMs).toBe(0);
  });

  test('waits if the app has no server, because it may serve in another way', async () => {
    const { shutdown, clock } = await bootApplication({ shutdown: options });
    const { durationMs } = await clock.runUntil(shutdown.run({ kind: 'signal', signal: 'SIGTERM' }));
    expect(durationMs).toBe(4_000);
  });

  test('delays the other phases while the server still answers', async () => {
    const { app, clock, shutdown } = await createServer(options);
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const ended = shutdown.run({ kind: 'signal', signal: 'SIGTERM' });
    await clock.advance(3_999);
    expect((await fetch(url)).status).toBe(404);
    expect(shutdown.awaited.map(({ task }) => task)).toContain('shutdownDelay');
    await clock.advance(1);
    expect(taskReport(shutdown.report, 'shutdownDelay')?.outcome).toBe('completed');
    await clock.runUntil(ended);
    await app.close();
  });

  test('leaves no timer behind if its phase has its own timeout', async () => {
    const { shutdown, clock } = await bootApplication({
      shutdown: { shutdownDelay: 500, phases: [{ name: 'unready', timeout: 600 }] },
    });
    await clock.runUntil(shutdown.run({ kind: 'signal', signal: 'SIGTERM' }));
    expect(clock.pending).toBe(0);
  });

  test('creates no task if it is 0', async () => {
    const { shutdown } = await bootApplication({ shutdown: { shutdownDelay: 0 } });
    const [unready] = shutdown.plan().phases;
    expect(unready?.name).toBe('unready');
    expect(unready?.tasks.map(({ name }) => name)).not.toContain('shutdownDelay');
  });
});

describe('the shutdownDelay', () => {
  test.each([1_000, 5_000, 10_000])('of %d ms is not logged as still awaited', async (shutdownDelay) => {
    const { shutdown, clock, log } = await bootApplication({
      shutdown: { shutdownDelay, progressInterval: 1_000 },
    });
    await clock.runUntil(shutdown.run({ kind: 'signal', signal: 'SIGTERM' }));
    expect(taskReport(shutdown.report, 'shutdownDelay')?.durationMs).toBe(shutdownDelay);
    expect(log.lines.filter(({ text }) => text.includes('waiting'))).toEqual([]);
  });
});

describe('readiness of servers started by someone else', () => {
  const withServer = async (start: (app: INestApplication) => Promise<Server>, init = true) => {
    const { app, readiness } = await createServer();
    if (init) await app.init();
    const server = await start(app);
    return { app, readiness, server };
  };
  const listening = async (server: Server): Promise<Server> => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  const frameworkOf = (app: INestApplication): RequestListener => app.getHttpAdapter().getInstance();

  test.each<[string, (app: INestApplication) => Promise<Server>]>([
    ["the app's own server", (app) => listening(app.getHttpServer())],
    [
      'a server passed to watch()',
      (app) => {
        const server = createHttpServer(frameworkOf(app));
        app.get(HttpDrain).watch(server);
        return listening(server);
      },
    ],
  ])('is ready when %s listens', async (_, start) => {
    const { app, readiness, server } = await withServer(start);
    expect(readiness.state).toBe('ready');
    server.close();
    await app.close();
  });

  test('is ready when an unknown server accepts a connection', async () => {
    const { app, readiness, server } = await withServer((each) =>
      listening(createHttpServer(frameworkOf(each))),
    );
    expect(readiness.state).toBe('starting');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    expect(readiness.state).toBe('ready');
    server.close();
    await app.close();
  });

  test('is ready when its server receives a connection accepted elsewhere', async () => {
    const { app, readiness, server } = await withServer((each) => Promise.resolve(each.getHttpServer()));
    const door = createNetServer((socket) => server.emit('connection', socket));
    door.listen(0, '127.0.0.1');
    await once(door, 'listening');
    expect(readiness.state).toBe('starting');
    const address = door.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    expect(readiness.state).toBe('ready');
    door.close();
    await app.close();
  });

  test('is starting if its server listens before the app is initialised', async () => {
    const { app, readiness, server } = await withServer((each) => listening(each.getHttpServer()), false);
    expect(readiness.state).toBe('starting');
    await app.init();
    expect(readiness.state).toBe('ready');
    server.close();
    await app.close();
  });
});

describe('whenReady()', () => {
  test('resolves when the app becomes ready, and at once if it is', async () => {
    const { app, readiness } = await createServer();
    const happened: string[] = [];
    const ready = readiness.whenReady().then(() => happened.push('ready'));
    await app.init();
    const release = readiness.hold('cache');
    await app.listen(0, '127.0.0.1');
    happened.push('listens');
    release();
    await ready;
    expect(happened).toEqual(['listens', 'ready']);
    await expect(readiness.whenReady()).resolves.toBeUndefined();
    await app.close();
  });
});

describe('a readiness hold with a promise', () => {
  test('ends when the promise resolves', async () => {
    const { module } = await bootApplication({});
    const readiness = module.get(Readiness);
    let loaded: () => void = () => undefined;
    readiness.hold('cache', new Promise<void>((resolve) => (loaded = resolve)));
    expect(readiness.state).toBe('starting');
    loaded();
    await readiness.whenReady();
    expect(readiness.holds).toEqual([]);
  });

  test('logs a rejection and shuts down the app, which never becomes ready', async () => {
    const { module, log, shutdown, clock } = await bootApplication({});
    const readiness = module.get(Readiness);
    const error = new Error('no price list');
    readiness.hold('prices', Promise.reject(error));
    const report = await clock.runUntil(shutdown.finished);
    expect(report.reason).toEqual({ kind: 'error', error, origin: 'unhandledRejection' });
    expect(log.lines.map(({ text }) => text)).toContainEqual(
      expect.stringContaining("The readiness hold 'prices' failed"),
    );
    expect(readiness.holds).toEqual(['prices']);
  });

  test('ignores a rejection after it was released by hand', async () => {
    const { module, shutdown } = await bootApplication({});
    const readiness = module.get(Readiness);
    let fail: (error: Error) => void = () => undefined;
    const release = readiness.hold('prices', new Promise((_, reject) => (fail = reject)));
    release();
    fail(new Error('too late'));
    await readiness.whenReady();
    expect(shutdown.status).toBe('idle');
  });
});
