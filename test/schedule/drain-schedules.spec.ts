import { Injectable, type Provider } from '@nestjs/common';
import { Cron, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import type { TestingModule } from '@nestjs/testing';
import type { CronJob } from 'cron';
import { GracefulShutdown } from '../../lib/index.js';
import { drainSchedules } from '../../lib/schedule/index.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import {
  bootApplication,
  bootMistakes,
  RecordedLog,
  taskReport,
  testingModule,
} from '../nest/application.js';

// The first application of a file loads Nest, which takes its time on a busy machine.
import.meta.jest.setTimeout(30_000);

const NEVER = 2_000_000_000;
const NEW_YEAR = '0 0 0 1 1 *';

interface Scheduled {
  readonly module: TestingModule;
  readonly shutdown: GracefulShutdown;
  readonly registry: SchedulerRegistry;
  readonly clock: ManualClock;
  readonly log: RecordedLog;
}

let modules: TestingModule[] = [];

afterEach(async () => {
  await Promise.all(modules.map((each) => each.close()));
  modules = [];
});

async function boot(...providers: readonly Provider[]): Promise<Scheduled> {
  const clock = new ManualClock(1_000_000);
  const log = new RecordedLog();
  const module = await testingModule(
    {
      imports: [ScheduleModule.forRoot()],
      providers: [...providers],
      shutdown: { features: [drainSchedules()] },
    },
    { clock, log },
  ).compile();
  await module.init();
  modules.push(module);
  const registry = module.get(SchedulerRegistry, { strict: false });
  return { module, clock, log, registry, shutdown: module.get(GracefulShutdown) };
}

/** A promise, and what resolves it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when a timer of its own has ticked as often, every millisecond. */
function ticks(count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    const timer = setInterval(() => {
      left -= 1;
      if (left > 0) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
}

interface CronParts {
  readonly cronTime?: string;
  readonly onTick: () => unknown;
  readonly onComplete?: () => void;
  readonly start?: boolean;
  readonly runOnInit?: boolean;
  readonly waitForCompletion?: boolean;
  readonly errorHandler?: () => void;
}

/** A cron job of the package that this major of @nestjs/schedule comes with. */
function cronLike(example: CronJob, params: CronParts): CronJob {
  const { from } = Reflect.get(example, 'constructor') as { from: (params: object) => CronJob };
  return from({ cronTime: NEW_YEAR, ...params });
}

@Injectable()
class Nightly {
  readonly begun: string[] = [];
  readonly ended: string[] = [];
  readonly night = gate();

  @Cron(NEW_YEAR, { name: 'report' })
  report(): Promise<void> {
    return this.run('report');
  }

  @Cron(NEW_YEAR)
  sweep(): Promise<void> {
    return this.run('sweep');
  }

  @Interval(1)
  refresh(): Promise<void> {
    return this.run('refresh');
  }

  @Interval('poll', NEVER)
  poll(): void {}

  @Timeout(1)
  warmUp(): Promise<void> {
    return this.run('warmUp');
  }

  private async run(name: string): Promise<void> {
    this.begun.push(name);
    await this.night.opened;
    this.ended.push(name);
  }
}

describe('when the shutdown begins', () => {
  test('intervals stop', async () => {
    const { module, shutdown } = await boot(Nightly);
    const nightly = module.get(Nightly);
    await until(() => nightly.begun.includes('refresh'));
    nightly.night.open();
    const run = shutdown.run('a test');
    const { length } = nightly.begun;
    await ticks(20);
    await run;

    expect(nightly.begun).toHaveLength(length);
  });

  test('pending timeouts do not start', async () => {
    const { registry, shutdown } = await boot();
    const told: string[] = [];
    registry.addTimeout(
      'late',
      setTimeout(() => told.push('late'), 2),
    );
    await shutdown.run('a test');
    await ticks(20);

    expect(told).toEqual([]);
  });

  test('crons stop, while those of another app go on', async () => {
    class Second {
      ticked = 0;
      tick(): void {
        this.ticked += 1;
      }
    }
    Cron('* * * * * *')(
      Second.prototype,
      'tick',
      Object.getOwnPropertyDescriptor(Second.prototype, 'tick') ?? {},
    );
    const [stopping, other] = [await boot(Second), await boot(Second)];
    await stopping.shutdown.run('a test');
    const { ticked } = stopping.module.get(Second);
    await until(() => other.module.get(Second).ticked > 0);

    expect(stopping.module.get(Second).ticked).toBe(ticked);
  });

  test('a cron started afterwards does not tick, but one fired by hand runs', async () => {
    const { module, registry, shutdown } = await boot(Nightly);
    module.get(Nightly).night.open();
    await shutdown.run('a test');
    const job = registry.getCronJob('report');
    job.start();

    expect(job.isActive).toBe(false);
    await job.fireOnTick();
    expect(module.get(Nightly).begun).toContain('report');
  });

  test('jobs added during the shutdown do not start', async () => {
    const { module, registry, shutdown } = await boot(Nightly);
    module.get(Nightly).night.open();
    await shutdown.run('a test');
    const told: string[] = [];
    registry.addInterval(
      'late interval',
      setInterval(() => told.push('interval'), 1),
    );
    registry.addTimeout(
      'late timeout',
      setTimeout(() => told.push('timeout'), 1),
    );
    const late = cronLike(registry.getCronJob('report'), {
      cronTime: '* * * * * *',
      onTick: () => told.push('cron'),
    });
    registry.addCronJob('late cron', late);
    late.start();
    await ticks(20);

    expect(told).toEqual([]);
    expect(late.isActive).toBe(false);
  });
});

describe('a scheduled run in progress', () => {
  test('is waited for, and named by its name or Class.method, with its age', async () => {
    const { clock, module, registry, shutdown } = await boot(Nightly);
    const nightly = module.get(Nightly);
    for (const job of registry.getCronJobs().values()) void job.fireOnTick();
    await until(() => nightly.begun.includes('warmUp') && nightly.begun.includes('refresh'));
    const run = shutdown.run('a test');
    await clock.advance(250);

    const running = shutdown.awaited.find(({ task }) => task === 'ScheduleDrain')?.inFlight ?? [];
    expect(running).toEqual(
      expect.arrayContaining([
        { name: 'cron report', ageMs: 250 },
        { name: 'cron Nightly.sweep', ageMs: 250 },
        { name: 'interval Nightly.refresh', ageMs: 250 },
        { name: 'timeout Nightly.warmUp', ageMs: 250 },
      ]),
    );
    nightly.night.open();
    expect(taskReport(await run, 'ScheduleDrain')).toMatchObject({ outcome: 'completed' });
    expect(nightly.ended).toHaveLength(nightly.begun.length);
  });

  test('is named in the report when it does not end in time', async () => {
    const { clock, module, registry, shutdown } = await boot(Nightly);
    module.get(Nightly);
    void registry.getCronJob('report').fireOnTick();
    const run = shutdown.run('a test');
    await clock.advance(15_000);

    expect(taskReport(await run, 'ScheduleDrain')).toMatchObject({
      outcome: 'timed-out',
      inFlight: expect.arrayContaining([{ name: 'cron report', ageMs: 15_000 }]),
    });
    module.get(Nightly).night.open();
  });

  test('is waited for if its job was added at run time', async () => {
    const { clock, module, registry, shutdown } = await boot(Nightly);
    module.get(Nightly).night.open();
    const running = gate();
    const added = cronLike(registry.getCronJob('report'), {
      cronTime: NEW_YEAR,
      onTick: () => running.opened,
    });
    registry.addCronJob('added', added);
    void added.fireOnTick();
    registry.addInterval(
      'added',
      setInterval(() => running.opened, 1),
    );
    await ticks(5);
    const run = shutdown.run('a test');
    await clock.advance(100);

    const names = shutdown.awaited.flatMap(({ inFlight = [] }) => inFlight.map(({ name }) => name));
    expect(names).toEqual(expect.arrayContaining(['cron added', 'interval added']));
    running.open();
    expect((await run).outcome).toBe('completed');
  });

  test('is waited for if it began before its cron was registered and the cron runs one at a time', async () => {
    const { clock, module, registry, shutdown } = await boot(Nightly);
    module.get(Nightly).night.open();
    const running = gate();
    const job = cronLike(registry.getCronJob('report'), {
      onTick: () => running.opened,
      start: true,
      runOnInit: true,
      waitForCompletion: true,
    });
    registry.addCronJob('early', job);
    const run = shutdown.run('a test');
    await clock.advance(100);

    const names = shutdown.awaited.flatMap(({ inFlight = [] }) => inFlight.map(({ name }) => name));
    expect(names).toEqual(['cron early']);
    running.open();
    expect((await run).outcome).toBe('completed');
  });

  test('runs even if inspecting a provider for its name throws', async () => {
    // It is kind to Nest, which looks at it as the application starts.
    let mood: 'kind' | 'hostile' = 'kind';
    const provider = new Proxy(
      {},
      {
        getPrototypeOf: () => {
          if (mood === 'hostile') throw new Error('hostile');
          return Object.prototype;
        },
      },
    );
    const { module, shutdown } = await boot(Nightly, { provide: 'HOSTILE', useValue: provider });
    mood = 'hostile';
    const { begun, night } = module.get(Nightly);
    await until(() => begun.includes('refresh'));
    const report = shutdown.run('a test');
    mood = 'kind';
    night.open();

    expect((await report).outcome).toBe('completed');
  });

  test('ends when its callback throws', async () => {
    const { registry, module, shutdown } = await boot(Nightly);
    module.get(Nightly).night.open();
    const thrown = cronLike(registry.getCronJob('report'), {
      onTick: () => {
        throw new Error('no');
      },
      errorHandler: () => undefined,
    });
    registry.addCronJob('throws', thrown);
    await thrown.fireOnTick();

    expect(taskReport(await shutdown.run('a test'), 'ScheduleDrain')).toMatchObject({ outcome: 'completed' });
  });
});

test('Nest deletes the jobs after the drain, and completes a cron once', async () => {
  const { module, registry, shutdown } = await boot(Nightly);
  module.get(Nightly).night.open();
  let completed = 0;
  const onComplete = (): void => {
    completed += 1;
  };
  const job = cronLike(registry.getCronJob('report'), { onTick: () => undefined, onComplete, start: true });
  registry.addCronJob('completes', job);
  await shutdown.run('a test');
  expect([registry.getCronJobs().size, completed]).toEqual([3, 0]);
  await module.close();

  expect([registry.getCronJobs().size, registry.getIntervals(), registry.getTimeouts()]).toEqual([0, [], []]);
  expect(completed).toBe(1);
});

describe('if @nestjs/schedule or cron lacks a needed member', () => {
  test('an app without a SchedulerRegistry is logged as not drained', async () => {
    const { log } = await bootApplication({ shutdown: { features: [drainSchedules()] } });

    expect(log.warnings).toEqual([
      expect.stringMatching(/^The schedule is not drained: no SchedulerRegistry/),
    ]);
  });

  test('a job whose callback is not found is stopped, and logged as not drained', async () => {
    const { log, registry, shutdown } = await boot();
    let stopped = 0;
    // As a later major of the package may be.
    const job = { fireOnTick: () => undefined, stop: () => (stopped += 1) } as unknown as CronJob;
    registry.addCronJob('foreign', job);
    await shutdown.run('a test');

    expect(log.warnings).toEqual([
      'The cron foreign is not drained: its callback was not found, so the job stops, but a run in progress is not waited for.',
    ]);
    expect(stopped).toBe(1);
  });
});

test('an invalid option of drainSchedules() is reported at boot', async () => {
  // A value that only JavaScript can write.
  const options = { phase: 'darin', reserve: 1 } as never;

  expect(await bootMistakes({ shutdown: { features: [drainSchedules(options)] } })).toMatchObject([
    { code: 'SHUTDOWN_UNKNOWN_OPTION', path: 'drainSchedules().reserve' },
    { code: 'SHUTDOWN_UNKNOWN_PHASE', path: 'drainSchedules().phase' },
  ]);
});
