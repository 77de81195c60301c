import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, watch, type FSWatcher } from 'node:fs';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { Controller, Get, Injectable, type INestApplication, type OnModuleDestroy } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  GracefulShutdown,
  GracefulShutdownModule,
  OnShutdown,
  ShutdownTimeoutError,
  reportFromJson,
  type GracefulShutdownOptions,
} from '../../lib/index.js';
import { ShutdownHarness, onManualClock, type Fault } from '../../lib/testing/index.js';
import { RecordedLog, taskReport } from './application.js';

@Injectable()
class Database {
  readonly closed: string[] = [];

  @OnShutdown()
  close(): void {
    this.closed.push('Database');
  }
}

@Injectable()
class Orders {
  constructor(readonly database: Database) {}

  @OnShutdown('drain')
  async stop(): Promise<void> {}

  @OnShutdown('flush')
  async publishRest(): Promise<void> {}

  @OnShutdown()
  async close(): Promise<void> {}
}

const closed = new Set<string>();

@Injectable()
class RealWork implements OnModuleDestroy {
  /** Real milliseconds, longer than nothing and shorter than the patience of the harness. */
  @OnShutdown('flush')
  async write(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 30));
    closed.add('written');
  }

  async onModuleDestroy(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 30));
    closed.add('destroyed');
  }
}

beforeEach(() => closed.clear());

/** The builder of an application with the shutdown in it. */
function builder(
  providers: readonly (new (...args: never[]) => unknown)[],
  options: GracefulShutdownOptions = {},
) {
  return Test.createTestingModule({
    imports: [GracefulShutdownModule.forRoot({ logger: false, ...options })],
    controllers: [Slow],
    providers: [...providers],
  });
}

@Controller('slow')
class Slow {
  tellArrival: () => void = () => undefined;
  /** Resolves when a request has arrived. */
  readonly arrival = new Promise<void>((resolve) => {
    this.tellArrival = resolve;
  });

  @Get()
  async answer(): Promise<string> {
    this.tellArrival();
    await new Promise((resolve) => setTimeout(resolve, 60));
    return 'done';
  }
}

const http = { create: (module: TestingModule): INestApplication => module.createNestApplication() };

describe('a harness', () => {
  test('shuts down as on SIGTERM, in no time, and returns the exit code', async () => {
    const harness = await ShutdownHarness.boot(
      builder([Database, Orders], { shutdownDelay: 20_000, gracePeriod: 60_000 }),
      http,
    );
    await harness.app.listen(0, '127.0.0.1');
    const report = await harness.shutdown();

    expect(report).toMatchObject({
      outcome: 'completed',
      reason: { kind: 'signal', signal: 'SIGTERM' },
      joinedReasons: [],
    });
    expect(taskReport(report, 'shutdownDelay')).toMatchObject({ durationMs: 20_000 });
    expect(harness.exitCode).toBe(0);
    await harness.noLeaks();
  });

  test('keeps the report of a test away from the disk', async () => {
    const file = join(tmpdir(), `last-stop-${randomUUID()}.json`);
    const harness = await ShutdownHarness.boot(builder([Database], { report: { file } }));
    await harness.shutdown();

    expect(reportFromJson(harness.files.get(file) ?? '')).toMatchObject({ outcome: 'completed' });
    expect(existsSync(file)).toBe(false);
  });

  test('shuts down like app.close(): without a delay, and the process goes on', async () => {
    const harness = await ShutdownHarness.boot(
      builder([Database, Orders], { shutdownDelay: 20_000, gracePeriod: 60_000 }),
      http,
    );
    await harness.app.listen(0, '127.0.0.1');
    const report = await harness.close();

    expect(report).toMatchObject({ outcome: 'completed', reason: { kind: 'close' }, durationMs: 0 });
    expect(harness.exitCode).toBeUndefined();
  });

  test.each([
    [{ kind: 'message' }, { ipc: true }],
    [{ kind: 'request', message: 'the operator' }, {}],
    [{ kind: 'close', signal: 'SIGUSR2' }, {}],
    [{ kind: 'signal', signal: 'SIGINT' }, {}],
  ] as const)('shuts down for %j', async (reason, options) => {
    const harness = await ShutdownHarness.boot(builder([Database], options));
    expect((await harness.shutdown({ reason })).reason).toEqual(reason);
    expect(harness.app.get(Database).closed).toEqual(['Database']);
  });

  test('shuts down for a fatal error with exit code 1', async () => {
    const logger = new RecordedLog();
    const harness = await ShutdownHarness.boot(builder([Database], { fatalErrors: true, logger }));
    const reason = { kind: 'error', error: new Error('lost'), origin: 'uncaughtException' } as const;
    expect(await harness.shutdown({ reason })).toMatchObject({ reason, outcome: 'completed' });
    expect(harness.exitCode).toBe(1);
    expect(harness.process.lines[0]).toBe('[GracefulShutdown] Uncaught exception: lost');
    expect(logger.lines).toContainEqual({ level: 'error', text: 'Uncaught exception: lost' });
  });

  test('writes nothing to standard error with logger: false, however the process exits', async () => {
    const harness = await ShutdownHarness.boot(builder([Database], { fatalErrors: true }));
    const reason = { kind: 'error', error: new Error('lost'), origin: 'uncaughtException' } as const;
    await harness.shutdown({ reason });
    harness.process.emitFatal('uncaughtException', new Error('lost again'));
    expect(harness.process.lines).toEqual([]);
  });

  test.each([
    { kind: 'exit', message: 'the queue is empty', code: 3 },
    { kind: 'before-exit' },
    { kind: 'disconnect' },
  ] as const)('shuts down for %j', async (reason) => {
    const harness = await ShutdownHarness.boot(builder([Database]));
    expect((await harness.shutdown({ reason })).reason).toEqual(reason);
    expect(harness.app.get(Database).closed).toEqual(['Database']);
  });

  test.each([
    [
      { kind: 'signal', signal: 'SIGUSR1' },
      "The application does not listen to SIGUSR1. Set signals: ['SIGUSR1'].",
    ],
    [{ kind: 'message' }, 'The application does not listen to message. Set ipc: true.'],
  ] as const)('throws for the trigger %j if nobody listens to it', async (reason, message) => {
    await using harness = await ShutdownHarness.boot(builder([]));
    await expect(harness.shutdown({ reason })).rejects.toThrow(message);
  });

  test('returns the report of the single run on a second call', async () => {
    const harness = await ShutdownHarness.boot(builder([Database]));
    const report = await harness.shutdown();
    expect(await harness.close()).toEqual(report);
    expect(harness.app.get(Database).closed).toEqual(['Database']);
  });

  test('accepts an application whose module was built with onManualClock()', async () => {
    const module = await onManualClock(builder([Database])).compile();
    const harness = await ShutdownHarness.of(module.createNestApplication({ logger: false }));
    expect((await harness.shutdown()).outcome).toBe('completed');
  });

  test('throws for an application on the real clock', async () => {
    const module = await builder([Database], { signals: [] }).compile();
    await expect(ShutdownHarness.of(module)).rejects.toThrow('Build its module with onManualClock(');
    await module.close();
  });

  test('closes the application at the end of an `await using` block', async () => {
    let app: TestingModule;
    {
      await using harness = await ShutdownHarness.boot(builder([Database]));
      ({ app } = harness);
    }
    expect(app.get(GracefulShutdown).report).toMatchObject({ outcome: 'completed' });
  });
});

describe('on the fake clock, real time goes on', () => {
  test('for handlers and Nest hooks with real work', async () => {
    const harness = await ShutdownHarness.boot(builder([RealWork]));
    const report = await harness.shutdown();
    expect(report.outcome).toBe('completed');
    expect([...closed]).toEqual(['written', 'destroyed']);
    expect(harness.exitCode).toBe(0);
  });

  test('for requests in flight, which get their responses', async () => {
    const harness = await ShutdownHarness.boot(builder([]), http);
    await harness.app.listen(0, '127.0.0.1');
    const answered = fetch(`${await harness.app.getUrl()}/slow`).then((response) => response.text());
    await harness.app.get(Slow).arrival;
    const startedAt = harness.clock.now();
    const report = await harness.shutdown();
    expect(await answered).toBe('done');
    expect(report.outcome).toBe('completed');
    // The progress line is due after five seconds: the drain was not hurried past it.
    expect(harness.clock.now() - startedAt).toBeLessThan(5_000);
    await harness.noLeaks();
  });

  test('even if the test has installed fake timers', async () => {
    import.meta.jest.useFakeTimers();
    try {
      const harness = await ShutdownHarness.boot(builder([Database, Orders]), { patience: 5 });
      harness.inject('Orders.stop', { kind: 'hang' });
      expect((await harness.shutdown()).outcome).toBe('timed-out');
    } finally {
      import.meta.jest.useRealTimers();
    }
  });

  test('and a hanging Nest hook makes app.close() reject after the grace period', async () => {
    class Hung {
      onModuleDestroy(): Promise<void> {
        return new Promise(() => undefined);
      }
    }
    const harness = await ShutdownHarness.boot(builder([Hung]));
    await expect(harness.close()).rejects.toThrow(
      'a Nest hook or the close of a server did not end within 29500 ms',
    );
  });

  test('and a hanging Nest hook exits the process after the grace period', async () => {
    class Hung {
      onModuleDestroy(): Promise<void> {
        return new Promise(() => undefined);
      }
    }
    const harness = await ShutdownHarness.boot(builder([Hung], { logger: new RecordedLog() }));
    expect((await harness.shutdown()).outcome).toBe('completed');
    expect(harness.process.exits).toEqual([1]);
    expect(harness.process.lines).toEqual([
      expect.stringContaining('The grace period is almost over after 29.5 s'),
    ]);
  });
});

describe('a fault', () => {
  /** Boots with little patience: nothing here takes real time. */
  const booted = () => ShutdownHarness.boot(builder([Database, Orders]), { patience: 5 });

  test('hang abandons a task at its timeout, and the others go on', async () => {
    const harness = (await booted()).inject('Orders.publishRest', { kind: 'hang' });
    const report = await harness.shutdown();

    expect(taskReport(report, 'Orders.publishRest')).toMatchObject({
      outcome: 'timed-out',
      abandoned: true,
      durationMs: 3_000,
      error: expect.any(ShutdownTimeoutError),
    });
    harness.expectOutcomes({
      'Orders.publishRest': 'timed-out',
      'Orders.close': 'completed',
      'Database.close': 'completed',
    });
    expect(harness.exitCode).toBe(1);
  });

  test('throw fails a task with the given error, without running it', async () => {
    const error = new Error('the disk is full');
    const harness = (await booted()).inject('Database.close', { kind: 'throw', error });
    const report = await harness.shutdown();

    expect(taskReport(report, 'Database.close')).toMatchObject({ outcome: 'failed', error });
    expect(harness.app.get(Database).closed).toEqual([]);
  });

  test('throw uses its own error by default', async () => {
    const harness = (await booted()).inject('Database.close', { kind: 'throw' });
    expect(taskReport(await harness.shutdown(), 'Database.close')).toMatchObject({
      error: { message: "a fault was injected into 'Database.close'" },
    });
  });

  test('settle-late ends a task after its timeout', async () => {
    const harness = (await booted()).inject('Orders.publishRest', { kind: 'settle-late', byMs: 2_000 });
    await harness.shutdown();
    await harness.clock.advance(2_000);

    expect(taskReport(harness.app.get(GracefulShutdown).report, 'Orders.publishRest')).toMatchObject({
      outcome: 'timed-out',
      settledLateMs: 2_000,
    });
  });

  test('slow delays the work of a task', async () => {
    const harness = (await booted()).inject('Database.close', { kind: 'slow', ms: 1_500 });
    const report = await harness.shutdown();

    expect(taskReport(report, 'Database.close')).toMatchObject({ outcome: 'completed', durationMs: 1_500 });
    expect(harness.app.get(Database).closed).toEqual(['Database']);
    expect(report.outcome).toBe('completed');
  });

  test('replaces an earlier fault of the same task', async () => {
    const harness = (await booted())
      .inject('Database.close', { kind: 'hang' })
      .inject('Database.close', { kind: 'slow', ms: 10 });
    expect((await harness.shutdown()).outcome).toBe('completed');
  });

  test('works on a task registered at run time', async () => {
    const harness = await booted();
    harness.app.get(GracefulShutdown).register({ name: 'a tenant', phase: 'flush', run: () => undefined });
    harness.inject('a tenant', { kind: 'throw' });
    await harness.shutdown();
    expect(harness.recorder.outcomes.get('a tenant')).toBe('failed');
  });

  test('keeps the other properties of a task', async () => {
    const harness = await booted();
    class Tenant {
      readonly phase = 'drain';
      readonly timeout = 100;
      readonly #items = [{ name: 'import', ageMs: 5 }];

      get name(): string {
        return `tenant of ${this.#items.length}`;
      }

      inFlight() {
        return this.#items;
      }

      run(): void {}
    }
    harness.app.get(GracefulShutdown).register(new Tenant());
    const report = await harness.inject('tenant of 1', { kind: 'hang' }).shutdown();
    expect(taskReport(report, 'tenant of 1')).toMatchObject({
      durationMs: 100,
      inFlight: [{ name: 'import' }],
    });
  });

  test('in an unknown task is rejected with the nearest name', async () => {
    await using harness = await booted();
    expect(() => harness.inject('Databse.close', { kind: 'hang' })).toThrow(
      /^inject\('Databse\.close'\): the plan has no such task\. Did you mean 'Database\.close'\? Known: /,
    );
  });

  test('of an unknown kind is rejected with the nearest name', async () => {
    await using harness = await booted();
    const fault: unknown = { kind: 'hangs' };
    expect(() => Reflect.apply(harness.inject, harness, ['Database.close', fault])).toThrow(
      /inject\('Database\.close'\)\.kind: expected one of .*, got 'hangs'\. Did you mean 'hang'\?/,
    );
  });

  const FAULTS: readonly Fault[] = [
    { kind: 'hang' },
    { kind: 'throw' },
    { kind: 'settle-late', byMs: 500 },
    { kind: 'slow', ms: 900 },
    { kind: 'slow', ms: 60_000 },
  ];
  const TASKS = ['Registry.leave', 'Orders.stop', 'Orders.publishRest', 'Database.close'];

  test.each(FAULTS.flatMap((fault) => TASKS.map((task) => [fault, task] as const)))(
    '%j in %s: the process exits within its grace period, and the report is true',
    async (fault, task) => {
      class Registry {
        @OnShutdown('unready')
        leave(): void {}
      }
      const harness = await ShutdownHarness.boot(builder([Database, Orders, Registry]), { patience: 5 });
      const startedAt = harness.clock.now();
      const report = await harness.inject(task, fault).shutdown();

      const isHarmless = fault.kind === 'slow' && fault.ms < 1_000;
      expect(harness.exitCode).toBe(isHarmless ? 0 : 1);
      expect(report.outcome === 'completed').toBe(isHarmless);
      expect(harness.clock.now() - startedAt).toBeLessThanOrEqual(29_000);
      expect(harness.process.exits).toEqual([]);
      harness.expectPhaseOrder('unready', 'drain', 'flush', 'close');
    },
  );
});

describe('an expectation', () => {
  test('of a kept order passes', async () => {
    const harness = await ShutdownHarness.boot(builder([Database, Orders]));
    await harness.shutdown();
    const order = ['Orders.stop', 'Orders.publishRest', 'Orders.close', 'Database.close'];
    expect(() => harness.expectOrder(...order)).not.toThrow();
    expect(() => harness.expectPhaseOrder('drain', 'flush', 'close')).not.toThrow();
  });

  test('of a violated order fails, and shows what happened', async () => {
    const harness = await ShutdownHarness.boot(builder([Database, Orders]));
    await harness.shutdown();
    expect(() => harness.expectOrder('Database.close', 'Orders.close')).toThrow(
      /^Expected 'Database\.close' to end before 'Orders\.close' starts. What happened:\n {2}start run\n/,
    );
    expect(() => harness.expectPhaseOrder('close', 'drain')).toThrow(
      "Expected 'close' to end before 'drain' starts",
    );
  });

  test('of outcomes lists each wrong outcome and each unknown name', async () => {
    const harness = await ShutdownHarness.boot(builder([Database, Orders]));
    await harness.shutdown();
    const wrong = {
      'Database.close': 'failed',
      'Orders.close': 'completed',
      'Order.stop': 'completed',
    } as const;
    expect(() => harness.expectOutcomes(wrong)).toThrow(
      /^'Database\.close' ended as 'completed', expected 'failed'\n'Order\.stop' neither ended nor was skipped\. Did you mean 'Orders\.stop'\?/,
    );
  });
});

describe('noLeaks() reports', () => {
  const left: {
    socket?: Socket;
    server?: Server;
    child?: ChildProcess;
    watcher?: FSWatcher;
    worker?: Worker;
  } = {};
  let timer: NodeJS.Timeout | undefined;

  afterEach(async () => {
    clearInterval(timer);
    left.watcher?.close();
    left.socket?.destroy();
    left.child?.kill('SIGKILL');
    await left.worker?.terminate();
    await new Promise((resolve) => {
      if (left.server === undefined) resolve(undefined);
      else left.server.close(resolve);
    });
    for (const key of Object.keys(left)) Reflect.deleteProperty(left, key);
  });

  const listening = async (): Promise<number> => {
    const server = createServer();
    left.server = server;
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };

  const LEAKS: readonly (readonly [string, RegExp, () => unknown])[] = [
    ['a timer', /\d × Timeout/, () => (timer = setInterval(() => undefined, 60_000))],
    ['a server', /tcp listening on 127\.0\.0\.1:\d+/, listening],
    [
      'a socket',
      /tcp 127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+/,
      async () => {
        const port = await listening();
        await new Promise<void>((resolve) => {
          left.socket = connect(port, '127.0.0.1', resolve);
        });
      },
    ],
    ['a file watcher', /fs_event .*package\.json/, () => (left.watcher = watch('package.json'))],
    [
      'a child process',
      /process pid \d+/,
      () => (left.child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' })),
    ],
    [
      'a worker thread',
      /1 × worker thread/,
      async () => {
        const worker = new Worker('setInterval(() => {}, 1e6)', { eval: true });
        left.worker = worker;
        await new Promise((resolve) => worker.once('online', resolve));
      },
    ],
  ];

  test.each(LEAKS)('%s that the application leaves open', async (_, name, leak) => {
    class Careless {
      async onModuleInit(): Promise<void> {
        await leak();
      }
    }
    const harness = await ShutdownHarness.boot(builder([Careless]));
    await harness.shutdown();
    await expect(harness.noLeaks({ within: 50 })).rejects.toThrow(
      new RegExp(`^Leaks that keep the process alive: .*${name.source}`),
    );
  });

  test('nothing that existed before the application', async () => {
    timer = setInterval(() => undefined, 60_000);
    await listening();
    const harness = await ShutdownHarness.boot(builder([Database]));
    await harness.shutdown();
    await expect(harness.noLeaks()).resolves.toBeUndefined();
  });

  test('nothing that closes in time', async () => {
    class Lazy {
      onModuleDestroy(): void {
        timer = setTimeout(() => undefined, 60);
      }
    }
    const harness = await ShutdownHarness.boot(builder([Lazy]));
    await harness.shutdown();
    await expect(harness.noLeaks()).resolves.toBeUndefined();
  });
});
