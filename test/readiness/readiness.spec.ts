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
  test('is starting until the application is initialised', async () => {
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

  test('is draining from the beginning of the shutdown on, and for good', async () => {
    const { module, shutdown, finish } = await bootApplication({});
    const readiness = module.get(Readiness);
    const states: string[] = [];
    shutdown.register({ name: 'look', phase: 'unready', run: () => states.push(readiness.state) });
    await finish();
    expect(states).toEqual(['draining']);
    expect(readiness.state).toBe('draining');
  });

  test('is draining as soon as anybody hears of the shutdown', async () => {
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

describe('a hold', () => {
  test('keeps the application from being ready until it is released', async () => {
    const { module } = await bootApplication({});
    const readiness = module.get(Readiness);
    const release = readiness.hold('cache');
    expect(readiness.state).toBe('starting');
    expect(readiness.holds).toEqual(['cache']);
    release();
    expect(readiness.state).toBe('ready');
    expect(readiness.holds).toEqual([]);
  });

  test('taken before the application is initialised keeps it after', async () => {
    const module = await testingModule({}).compile();
    const readiness = module.get(Readiness);
    const release = readiness.hold('cache');
    await module.init();
    expect(readiness.state).toBe('starting');
    release();
    expect(readiness.state).toBe('ready');
  });

  test('is there as often as it was taken, also by one name', async () => {
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

  test('makes no difference once the shutdown has begun', async () => {
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

  test('does not wait where the server never listened, since nobody sends traffic', async () => {
    const { app, clock, shutdown } = await createServer(options);
    await app.init();
    const report = await clock.runUntil(shutdown.run({ kind: 'signal', signal: 'SIGTERM' }));
    await app.close();
    expect(report.durationMs).toBe(0);
  });

  test('waits where the application has no server, since it may serve another way', async () => {
    const { shutdown, clock } = await bootApplication({ shutdown: options });
    const { durationMs } = await clock.runUntil(shutdown.run({ kind: 'signal', signal: 'SIGTERM' }));
    expect(durationMs).toBe(4_000);
  });

  test('lets the other phases start when it is over, and the server still answers until then', async () => {
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

  test('leaves no timer where its phase has a time of its own', async () => {
    const { shutdown, clock } = await bootApplication({
      shutdown: { shutdownDelay: 500, phases: [{ name: 'unready', timeout: 600 }] },
    });
    await clock.runUntil(shutdown.run({ kind: 'signal', signal: 'SIGTERM' }));
    expect(clock.pending).toBe(0);
  });

  test('is no task where it is 0', async () => {
    const { shutdown } = await bootApplication({ shutdown: { shutdownDelay: 0 } });
    const [unready] = shutdown.plan().phases;
    expect(unready?.name).toBe('unready');
    expect(unready?.tasks.map(({ name }) => name)).not.toContain('shutdownDelay');
  });
});

describe('the wait for load balancers', () => {
  test.each([1_000, 5_000, 10_000])(
    'of %d ms is not logged as something that is still awaited',
    async (shutdownDelay) => {
      const { shutdown, clock, log } = await bootApplication({
        shutdown: { shutdownDelay, progressInterval: 1_000 },
      });
      await clock.runUntil(shutdown.run({ kind: 'signal', signal: 'SIGTERM' }));
      expect(taskReport(shutdown.report, 'shutdownDelay')?.durationMs).toBe(shutdownDelay);
      expect(log.lines.filter(({ text }) => text.includes('waiting'))).toEqual([]);
    },
  );
});

describe('readiness of servers that somebody else starts', () => {
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
    ['the server of the application itself', (app) => listening(app.getHttpServer())],
    [
      'one that the drain watches',
      (app) => {
        const server = createHttpServer(frameworkOf(app));
        app.get(HttpDrain).watch(server);
        return listening(server);
      },
    ],
  ])('is ready as %s listens', async (_, start) => {
    const { app, readiness, server } = await withServer(start);
    expect(readiness.state).toBe('ready');
    server.close();
    await app.close();
  });

  test('is ready as one of which nobody told accepts a connection', async () => {
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

  test('is ready as its server is handed a connection that somebody else accepted', async () => {
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

  test('is starting while its server listens before it is initialised', async () => {
    const { app, readiness, server } = await withServer((each) => listening(each.getHttpServer()), false);
    expect(readiness.state).toBe('starting');
    await app.init();
    expect(readiness.state).toBe('ready');
    server.close();
    await app.close();
  });
});

describe('whenReady()', () => {
  test('resolves as the application is ready, and at once where it is', async () => {
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

describe('a hold with a promise', () => {
  test('ends as the promise resolves', async () => {
    const { module } = await bootApplication({});
    const readiness = module.get(Readiness);
    let loaded: () => void = () => undefined;
    readiness.hold('cache', new Promise<void>((resolve) => (loaded = resolve)));
    expect(readiness.state).toBe('starting');
    loaded();
    await readiness.whenReady();
    expect(readiness.holds).toEqual([]);
  });

  test('logs a rejection and shuts the application down, which never becomes ready', async () => {
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

  test('that was released by hand may be rejected', async () => {
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
