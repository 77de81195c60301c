import { Controller, Get, Inject, Injectable, type INestApplication } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { machinePorts } from '../../lib/assembly.js';
import { PORTS } from '../../lib/graceful-shutdown.module.js';
import {
  GracefulShutdown,
  GracefulShutdownModule,
  InFlight,
  OnShutdown,
  Readiness,
  enableGracefulShutdown,
  type GracefulShutdownOptions,
} from '../../lib/index.js';
import { FakeProcess } from '../../lib/testing/fake-process.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { RecordedLog, mistakesOf, testingModule, type ApplicationParts } from './application.js';

/** Keeps what the hooks and handlers of an application did, in order. */
const order: string[] = [];

class Pool {
  @OnShutdown()
  async end(): Promise<void> {
    await Promise.resolve();
    order.push('handler');
  }

  onModuleDestroy(): void {
    order.push('onModuleDestroy');
  }

  beforeApplicationShutdown(): void {
    order.push('beforeApplicationShutdown');
  }

  onApplicationShutdown(): void {
    order.push('onApplicationShutdown');
  }
}

const ALL = ['handler', 'onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown'];

beforeEach(() => {
  order.length = 0;
});

/** A testing module in a process of its own. */
async function compiled(parts: ApplicationParts) {
  const clock = new ManualClock(1_000_000);
  const log = new RecordedLog();
  const fake = new FakeProcess();
  const module = await testingModule(parts, { clock, log, process: fake }).compile();
  return { module, clock, log, fake };
}

describe('rule 10: the phases run before the Nest hooks of all other providers', () => {
  test('with the module alone, by a bare app.close()', async () => {
    const { module, log } = await compiled({ providers: [Pool] });
    await module.init();
    await module.close();
    expect(order).toEqual(ALL);
    expect(log.warnings).toEqual([]);
  });

  test('with enableGracefulShutdown', async () => {
    const { module } = await compiled({ providers: [Pool] });
    const app = enableGracefulShutdown(module.createNestApplication({ logger: false }));
    await app.init();
    await app.close();
    expect(order).toEqual(ALL);
  });

  test('with runAt before-application-shutdown, after onModuleDestroy and without a warning', async () => {
    const { module, log } = await compiled({
      providers: [Pool],
      shutdown: { runAt: 'before-application-shutdown' },
    });
    await module.init();
    await module.close();
    expect(order.filter((each) => each !== 'beforeApplicationShutdown')).toEqual([
      'onModuleDestroy',
      'handler',
      'onApplicationShutdown',
    ]);
    expect(log.warnings).toEqual([]);
  });

  test('with runAt before-application-shutdown, before a microservice closes its transport', async () => {
    class Transport extends Server implements CustomTransportStrategy {
      listen(callback: () => void): void {
        callback();
      }

      close(): void {
        order.push('transport closed');
      }

      on(): void {}

      unwrap<T>(): T {
        throw new Error('There is nothing below.');
      }
    }
    const { module } = await compiled({
      providers: [Pool],
      shutdown: { runAt: 'before-application-shutdown' },
    });
    const service = module.createNestMicroservice({ strategy: new Transport(), logger: false });
    const app = enableGracefulShutdown(service);
    await app.listen();
    await app.close();
    expect(order.filter((each) => !each.startsWith('before'))).toEqual([
      'onModuleDestroy',
      'handler',
      'transport closed',
      'onApplicationShutdown',
    ]);
  });

  test('even if a failing hook keeps Nest from the hooks that would start the phases', async () => {
    class Broken {
      onModuleDestroy(): never {
        throw Object.defineProperty(new Error(), 'stack', {
          get() {
            throw new Error('it throws when it is looked at');
          },
        });
      }
    }
    const { module } = await compiled({
      providers: [Pool, Broken],
      shutdown: { runAt: 'before-application-shutdown' },
    });
    const app = enableGracefulShutdown(module.createNestApplication());
    await app.init();
    await app.close().catch(() => undefined);
    expect(order.filter((each) => each === 'handler')).toEqual(['handler']);
  });

  test('including those of the deepest module', async () => {
    class Deep {
      onModuleDestroy(): void {
        order.push('deep onModuleDestroy');
      }
    }
    class DeepModule {}
    class MiddleModule {}

    const { module } = await compiled({
      providers: [Pool],
      imports: [
        {
          module: MiddleModule,
          imports: [{ module: DeepModule, providers: [Deep] }],
        },
      ],
    });
    await module.init();
    await module.close();
    expect(order[0]).toBe('handler');
    expect(order).toContain('deep onModuleDestroy');
  });

  test('run late, with a warning, if the hook order cannot be changed', async () => {
    const log = new RecordedLog();
    const module = await Test.createTestingModule({
      imports: [GracefulShutdownModule.forRoot({ logger: log })],
      providers: [Pool],
    })
      .overrideProvider(PORTS)
      .useFactory({
        // As in a Nest that no longer lets the distance of a module be set.
        factory: (modules: ModulesContainer) => {
          for (const each of modules.values()) {
            Object.defineProperty(each, 'distance', { value: Reflect.get(each, 'distance') });
          }
          return machinePorts();
        },
        inject: [ModulesContainer],
      })
      .compile();
    await module.init();
    await module.close();
    expect(order[0]).toBe('onModuleDestroy');
    expect(order.indexOf('handler')).toBeLessThan(order.indexOf('onApplicationShutdown'));
    expect(log.warnings).toEqual([
      'The phases run late: Nest has already called the onModuleDestroy hooks of other providers. Call enableGracefulShutdown(app) after the app is created.',
    ]);
  });
});

describe('rule 13: app.close() without a signal', () => {
  test('takes the same path without a delay, and keeps the process running', async () => {
    const { module, clock, fake } = await compiled({
      providers: [Pool],
      shutdown: { shutdownDelay: 10_000 },
    });
    const app = enableGracefulShutdown(module.createNestApplication({ logger: false }));
    await app.listen(0, '127.0.0.1');
    await app.close();
    expect(module.get(GracefulShutdown).report).toMatchObject({
      reason: { kind: 'close' },
      outcome: 'completed',
      durationMs: 0,
    });
    expect(clock.pending).toBe(0);
    expect(fake).toMatchObject({ exitCode: undefined, exits: [], raised: [], listenedTo: [] });
  });

  test('does not wait for a server that never listened', async () => {
    const { module, clock } = await compiled({ shutdown: { shutdownDelay: 10_000 } });
    const app = module.createNestApplication({ logger: false });
    await app.init();
    await app.close();
    expect(module.get(GracefulShutdown).report).toMatchObject({ outcome: 'completed', durationMs: 0 });
    expect(clock.pending).toBe(0);
  });

  test('works before the application is initialised', async () => {
    const { module } = await compiled({ providers: [Pool] });
    const app = enableGracefulShutdown(module.createNestApplication({ logger: false }));
    await app.close();
    expect(module.get(GracefulShutdown).report).toMatchObject({ outcome: 'completed' });
    expect(order[0]).toBe('handler');
  });

  test('keeps its signal as the reason', async () => {
    const { module } = await compiled({});
    const app = enableGracefulShutdown(module.createNestApplication({ logger: false }));
    await app.init();
    await Reflect.apply(app.close, app, ['SIGTERM']);
    expect(module.get(GracefulShutdown).report).toMatchObject({
      reason: { kind: 'close', signal: 'SIGTERM' },
    });
  });
});

describe("rule 14: with phases of the user's own", () => {
  test('unready comes first, and what drains goes to the first of them', async () => {
    const { module } = await compiled({
      shutdown: {
        phases: [
          { name: 'stop', timeout: 1_000 },
          { name: 'end', timeout: 1_000 },
        ],
      },
    });
    await module.init();
    const { phases } = module.get(GracefulShutdown).plan();
    expect(phases.map(({ name }) => name)).toEqual(['unready', 'stop', 'end']);
    expect(phases[1]?.tasks.map(({ name }) => name)).toContain('InFlightWork');
  });

  test('the plan at boot shows them', async () => {
    const { module, log } = await compiled({
      shutdown: { phases: [{ name: 'stop', timeout: 1_000 }], shutdownDelay: 2_000 },
    });
    await module.init();
    expect(log.lines[0]?.text.split('\n')).toEqual([
      'The shutdown plan:',
      expect.stringMatching(/^ {2}unready {2}parallel {2}3 000 ms {2}.*shutdownDelay/),
      expect.stringMatching(/^ {2}stop {5}parallel {2}1 000 ms {2}.*InFlightWork/),
      '  at most unready 3 000 + stop 1 000 = 4 000 ms',
    ]);
  });

  test('an option that names an unknown phase is a configuration error', async () => {
    const { module } = await compiled({ shutdown: { inFlight: { phase: 'drian' } } });
    expect(await mistakesOf(() => module.init())).toMatchObject([
      { code: 'SHUTDOWN_UNKNOWN_PHASE', path: 'inFlight.phase' },
    ]);
  });
});

describe('enableGracefulShutdown', () => {
  test('throws if the module is not imported', async () => {
    const module = await Test.createTestingModule({}).compile();
    const app = module.createNestApplication({ logger: false });
    expect(await mistakesOf(() => enableGracefulShutdown(app))).toEqual([
      {
        code: 'SHUTDOWN_MODULE_MISSING',
        path: 'enableGracefulShutdown(app)',
        message:
          'the application does not import GracefulShutdownModule. Add GracefulShutdownModule.forRoot() to the imports of its root module.',
      },
    ]);
    await app.close();
  });

  test('changes nothing on a second call', async () => {
    const { module, fake } = await compiled({ providers: [Pool] });
    const app = module.createNestApplication({ logger: false });
    expect(enableGracefulShutdown(app)).toBe(app);
    const before = fake.listenedTo;
    expect(before.filter((event) => event.startsWith('SIG'))).toEqual([
      'SIGTERM',
      'SIGINT',
      'SIGHUP',
      'SIGQUIT',
      'SIGABRT',
      'SIGUSR2',
    ]);
    expect(enableGracefulShutdown(app)).toBe(app);
    expect(fake.listenedTo).toEqual(before);
    await app.init();
    await app.close();
    expect(order).toEqual(ALL);
  });

  test('runs the phases once together with enableShutdownHooks', async () => {
    const { module } = await compiled({ providers: [Pool] });
    const app = module.createNestApplication({ logger: false });
    app.enableShutdownHooks(['SIGTERM']);
    enableGracefulShutdown(app);
    app.enableShutdownHooks(['SIGTERM']);
    await app.init();
    await Promise.all([app.close(), app.close()]);
    expect(order).toEqual(ALL);
  });

  test('closes an application held with `await using`', async () => {
    const { module } = await compiled({ providers: [Pool] });
    {
      await using app = enableGracefulShutdown(module.createNestApplication({ logger: false }));
      await app.init();
      expect(order).toEqual([]);
    }
    expect(order).toEqual(ALL);
  });
});

describe('a testing module and the application created from it', () => {
  test('are one application, which shuts down once', async () => {
    const { module } = await compiled({ providers: [Pool] });
    const app = module.createNestApplication({ logger: false });
    await app.init();
    expect(app.get(GracefulShutdown)).toBe(module.get(GracefulShutdown));
    await app.close();
    await module.close();
    expect(order.filter((each) => each === 'handler')).toEqual(['handler']);
  });
});

@Controller()
class Orders {
  @Get('health')
  health(): { readonly ok: boolean } {
    return { ok: true };
  }

  @Get('slow')
  @InFlight('slow order')
  async slow(): Promise<{ readonly done: boolean }> {
    arrived();
    await held;
    return { done: true };
  }
}

let arrived: () => void = () => undefined;
let held: Promise<void> = Promise.resolve();

/** A provider that asks its own application over HTTP in one of the phases. */
function askingIn(phase: string) {
  @Injectable()
  class Announcer {
    readonly statuses: number[] = [];

    constructor(@Inject(HttpAdapterHost) readonly host: HttpAdapterHost) {}

    @OnShutdown(phase)
    async askItself(): Promise<void> {
      const address: unknown = this.host.httpAdapter.getHttpServer().address();
      const port = typeof address === 'object' && address !== null ? Reflect.get(address, 'port') : 'none';
      const response = await fetch(`http://127.0.0.1:${port}/health`, { headers: { connection: 'close' } });
      await response.text();
      this.statuses.push(response.status);
    }
  }
  return Announcer;
}

describe.each<[string, () => ExpressAdapter | FastifyAdapter]>([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('an HTTP application on %s', (_, adapter) => {
  async function listening({ shutdown: options, ...parts }: ApplicationParts = {}) {
    const module = await Test.createTestingModule({
      controllers: [Orders],
      ...parts,
      imports: [GracefulShutdownModule.forRoot({ logger: false, signals: [], exit: 'none', ...options })],
    }).compile();
    const app: INestApplication = module.createNestApplication(adapter(), { logger: false });
    enableGracefulShutdown(app);
    await app.listen(0, '127.0.0.1');
    return { app, url: await app.getUrl(), shutdown: app.get(GracefulShutdown) };
  }

  test.each<[string, string, GracefulShutdownOptions]>([
    ['of the phase unready, while it is drained later', 'unready', {}],
    ['of the last phase, if Nest closes the server', 'close', { http: false }],
  ])('answers a request in its handler %s', async (__, phase, shutdownOptions) => {
    const Announcer = askingIn(phase);
    const { app, url, shutdown } = await listening({ providers: [Announcer], shutdown: shutdownOptions });
    await app.close();
    expect(shutdown.report?.outcome).toBe('completed');
    expect(app.get(Announcer).statuses).toEqual([200]);
    await expect(fetch(`${url}/health`)).rejects.toThrow('fetch failed');
  });

  test('finishes the request in flight', async () => {
    const { app, url, shutdown } = await listening();
    const reached = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    let letGo: () => void = () => undefined;
    held = new Promise((resolve) => {
      letGo = resolve;
    });
    const answer = fetch(`${url}/slow`, { headers: { connection: 'close' } });
    await reached;
    const closed = app.close();
    expect(shutdown.state.status).not.toBe('finished');
    letGo();
    const response = await answer;
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ done: true });
    await closed;
    expect(shutdown.report?.outcome).toBe('completed');
  });

  test('is ready while it listens, and frees the port immediately', async () => {
    const { app, url } = await listening();
    const readiness = app.get(Readiness);
    expect(readiness.state).toBe('ready');
    expect((await fetch(`${url}/health`)).status).toBe(200);
    await app.close();
    expect(readiness.state).toBe('draining');

    const { port } = new URL(url);
    const next = (await Test.createTestingModule({}).compile()).createNestApplication(adapter(), {
      logger: false,
    });
    await next.listen(Number(port), '127.0.0.1');
    await next.close();
  });
});
