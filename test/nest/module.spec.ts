import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  DEFAULT_PHASES,
  GracefulShutdown,
  GracefulShutdownModule,
  InFlightWork,
  OnShutdown,
  Readiness,
  ShutdownConfigurationError,
  enableGracefulShutdown,
  type GracefulShutdownOptions,
} from '../../lib/index.js';
import { RecordedLog, bootApplication, mistakesOf, testingModule } from './application.js';

const phases = [{ name: 'only', timeout: 1_000 }];

/** The names of the phases with which an application boots that imports the module this way. */
async function bootedPhases(...imports: readonly object[]): Promise<readonly string[]> {
  const module = await Test.createTestingModule({ imports: imports as never }).compile();
  await module.init();
  return module
    .get(GracefulShutdown)
    .plan()
    .phases.map(({ name }) => name);
}

describe('forRoot', () => {
  test('needs no options', async () => {
    const module = await Test.createTestingModule({ imports: [GracefulShutdownModule.forRoot()] })
      .setLogger(new RecordedLog())
      .compile();
    await module.init();
    const plan = module.get(GracefulShutdown).plan();
    expect(plan.phases.map(({ name }) => name)).toEqual(DEFAULT_PHASES.map(({ name }) => name));
    expect((await module.get(GracefulShutdown).run()).outcome).toBe('completed');
  });

  test('applies its options', async () => {
    expect(await bootedPhases(GracefulShutdownModule.forRoot({ phases, logger: false }))).toEqual([
      'unready',
      'only',
    ]);
  });
});

describe('forRootAsync', () => {
  const OPTIONS = Symbol('options');
  @Injectable()
  class Settings {
    readonly timeout = 1_000;

    createGracefulShutdownOptions(): GracefulShutdownOptions {
      return { phases: [{ name: 'of-settings', timeout: this.timeout }], logger: false };
    }
  }
  @Module({
    providers: [Settings, { provide: OPTIONS, useValue: { phases, logger: false } }],
    exports: [Settings, OPTIONS],
  })
  class SettingsModule {}

  test('takes a factory with imports and injections', async () => {
    expect(
      await bootedPhases(
        GracefulShutdownModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: async (settings: Settings) => {
            await Promise.resolve();
            return { phases: [{ name: 'made', timeout: settings.timeout }], logger: false };
          },
        }),
      ),
    ).toEqual(['unready', 'made']);
  });

  test('takes a class', async () => {
    expect(await bootedPhases(GracefulShutdownModule.forRootAsync({ useClass: Settings }))).toEqual([
      'unready',
      'of-settings',
    ]);
  });

  test('takes an existing provider', async () => {
    expect(
      await bootedPhases(
        GracefulShutdownModule.forRootAsync({ imports: [SettingsModule], useExisting: Settings }),
      ),
    ).toEqual(['unready', 'of-settings']);
  });

  test('reports configuration errors of its options at boot', async () => {
    const options = { phases: [] } as GracefulShutdownOptions;
    expect(
      await mistakesOf(() =>
        bootedPhases(GracefulShutdownModule.forRootAsync({ useFactory: () => options })),
      ),
    ).toMatchObject([{ code: 'SHUTDOWN_NO_PHASES', path: 'phases' }]);
  });

  test('fails with the error of its factory', async () => {
    await expect(
      bootedPhases(
        GracefulShutdownModule.forRootAsync({ useFactory: () => Promise.reject(new Error('no config')) }),
      ),
    ).rejects.toThrow('no config');
  });
});

describe('the module', () => {
  test('is global: its exports are injected without an import', async () => {
    @Injectable()
    class Consumer {
      constructor(
        @Inject(GracefulShutdown) readonly shutdown: GracefulShutdown,
        @Inject(InFlightWork) readonly work: InFlightWork,
        @Inject(Readiness) readonly readiness: Readiness,
      ) {}
    }
    @Module({ providers: [Consumer] })
    class ConsumerModule {}

    const { module, shutdown } = await bootApplication({ imports: [ConsumerModule] });
    const consumer = module.get(Consumer, { strict: false });
    expect(consumer.shutdown).toBe(shutdown);
    expect(consumer.work).toBe(module.get(InFlightWork));
    expect(consumer.readiness).toBe(module.get(Readiness));
  });

  test('rule 8: is rejected if imported twice with different options', async () => {
    @Module({ imports: [GracefulShutdownModule.forRoot({ gracePeriod: 60_000, logger: false })] })
    class OrdersModule {}

    const mistakes = await mistakesOf(() => bootApplication({ imports: [OrdersModule] }));
    expect(mistakes).toEqual([
      {
        code: 'SHUTDOWN_DUPLICATE_MODULE',
        path: 'GracefulShutdownModule',
        message:
          'the module is imported more than once, and an app shuts down once. It is global: import it in the root module alone.',
      },
    ]);
  });

  test('counts once if imported twice as the same object', async () => {
    const shared = GracefulShutdownModule.forRoot({ phases, logger: false });
    @Module({ imports: [shared] })
    class OrdersModule {}

    expect(await bootedPhases(shared, OrdersModule)).toEqual(['unready', 'only']);
  });

  test('works in an application created by NestFactory', async () => {
    @Module({ imports: [GracefulShutdownModule.forRoot({ phases, logger: false })] })
    class AppModule {}

    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    const shutdown = app.get(GracefulShutdown);
    expect(shutdown.state).toEqual({ status: 'idle' });
    await app.close();
    expect(shutdown.report).toMatchObject({ reason: { kind: 'close' }, outcome: 'completed' });
  });
});

describe('rule 8: configuration errors throw at boot, before anything is served', () => {
  class Wrong {
    @OnShutdown('clsoe')
    close(): void {}

    @OnShutdown({ timeout: -1 })
    end(): void {}
  }
  const wrong = { providers: [Wrong], shutdown: { gracePeriod: -1, logger: false } } as const;
  const expected = [
    { code: 'SHUTDOWN_INVALID_TIMEOUT', path: 'gracePeriod' },
    { code: 'SHUTDOWN_UNKNOWN_PHASE', path: 'Wrong.close.phase' },
    { code: 'SHUTDOWN_INVALID_TIMEOUT', path: 'Wrong.end.timeout' },
  ];

  test('those of options and handlers together, by init', async () => {
    const module = await testingModule({ ...wrong, providers: [Wrong] }).compile();
    expect(await mistakesOf(() => module.init())).toMatchObject(expected);
  });

  test('the same by enableGracefulShutdown, before listen', async () => {
    const module = await testingModule({ ...wrong, providers: [Wrong] }).compile();
    const app = module.createNestApplication({ logger: false });
    expect(await mistakesOf(() => enableGracefulShutdown(app))).toMatchObject(expected);
    await expect(app.listen(0)).rejects.toBeInstanceOf(ShutdownConfigurationError);
    expect(app.getHttpServer().listening).toBe(false);
  });

  test('runs the valid tasks in spite of them, and says so', async () => {
    const log = new RecordedLog();
    const module = await testingModule({
      providers: [Wrong],
      shutdown: { logger: log },
    }).compile();
    const { outcome, phases: ran } = await module.get(GracefulShutdown).run('all the same');
    expect(outcome).toBe('completed');
    expect(ran.flatMap(({ tasks }) => tasks)).toEqual([]);
    expect(log.lines.find(({ level }) => level === 'error')?.text).toMatch(
      /^The shutdown handlers could not be planned and do not run\. Invalid shutdown configuration \(2 problems\):/,
    );
  });
});

describe('rule 9: a plan that does not fit the grace period', () => {
  test('warns at boot with the sum written out', async () => {
    const { log } = await bootApplication({
      shutdown: {
        gracePeriod: 12_000,
        phases: [
          { name: 'drain', timeout: 8_000 },
          { name: 'metrics', timeout: 500, after: ['unready'] },
          { name: 'close', timeout: 2_500, after: ['drain', 'metrics'] },
        ],
      },
    });
    expect(log.warnings).toEqual([
      "The shutdown plan may take longer than the grace period: unready 1 000 + drain 8 000 + close 2 500 = 11 500 ms, plus 1 000 ms for the end of the process, but gracePeriod is 12 000 ms. Shorten a phase, or raise gracePeriod together with what the platform grants. Silence this with doctor: { ignore: ['does-not-fit'] }.",
    ]);
  });

  test('is silent if it fits to the millisecond', async () => {
    const { log } = await bootApplication({
      shutdown: { gracePeriod: 10_000, phases: [{ name: 'drain', timeout: 8_000 }] },
    });
    expect(log.warnings).toEqual([]);
  });

  test('does not count a disabled phase', async () => {
    const { log } = await bootApplication({
      shutdown: {
        gracePeriod: 10_000,
        phases: [
          { name: 'drain', timeout: 8_000 },
          { name: 'metrics', timeout: 8_000, enabled: false },
        ],
      },
    });
    expect(log.warnings).toEqual([]);
  });

  test('the default plan fits the default grace period, also on Kubernetes', async () => {
    const { log } = await bootApplication({ shutdown: { shutdownDelay: 5_000 } });
    expect(log.warnings).toEqual([]);
  });
});

describe('two applications in one process', () => {
  test('share neither plan, nor run, nor readiness', async () => {
    const calls: unknown[] = [];
    class Pool {
      @OnShutdown()
      end(): void {
        calls.push(this);
      }
    }

    const first = await bootApplication({ providers: [Pool] });
    const second = await bootApplication({
      providers: [Pool],
      shutdown: { phases: [{ name: 'close', timeout: 5 }] },
    });
    expect(first.taskNames()).toEqual(['Pool.end']);
    expect(second.taskNames()).toEqual(['Pool.end']);
    await first.finish();
    expect(calls).toEqual([first.module.get(Pool)]);
    expect(first.module.get(Readiness).state).toBe('draining');
    expect(second.module.get(Readiness).state).toBe('ready');
    expect(second.shutdown.state).toEqual({ status: 'idle' });
    expect(second.shutdown.signal.aborted).toBe(false);
    await second.finish();
    expect(calls).toEqual([first.module.get(Pool), second.module.get(Pool)]);
  });
});
