import {
  Injectable,
  type INestApplication,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { OnShutdown, enableGracefulShutdown, type GracefulShutdownOptions } from '../../lib/index.js';
import { FakeProcess } from '../../lib/testing/fake-process.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { RecordedLog, testingModule, type ApplicationParts } from './application.js';

/** The findings logged at boot, in a process that the test sets up. */
async function findings(
  parts: ApplicationParts,
  prepare: (fake: FakeProcess, app: INestApplication) => void = () => undefined,
): Promise<readonly string[]> {
  const [clock, log, fake] = [new ManualClock(), new RecordedLog(), new FakeProcess()];
  const module = await testingModule(parts, { clock, log, process: fake }).compile();
  const app = module.createNestApplication({ logger: false });
  prepare(fake, app);
  enableGracefulShutdown(app);
  await app.init();
  await clock.runUntil(app.close());
  return log.warnings.map((line) => /doctor: \{ ignore: \['(.*)'\] \}/.exec(line)?.[1] ?? line);
}

@Injectable()
class Database implements OnModuleDestroy {
  onModuleDestroy(): void {}
}

@Injectable()
class Repository {
  constructor(readonly database: Database) {}
}

@Injectable()
class Outbox {
  constructor(readonly repository: Repository) {}

  @OnShutdown('flush')
  publishRest(): void {}
}

const withDatabase = (shutdown: GracefulShutdownOptions = {}): ApplicationParts => ({
  providers: [Database, Repository, Outbox],
  shutdown,
});

describe('the startup checks report', () => {
  test.each([
    ['as it stands', (timeout: number) => TerminusModule.forRoot({ gracefulShutdownTimeoutMs: timeout })],
    [
      'made when the application is',
      (timeout: number) =>
        TerminusModule.forRootAsync({ useFactory: () => ({ gracefulShutdownTimeoutMs: timeout }) }),
    ],
  ])('a terminus delay that waits after the phases, %s', async (_, terminus) => {
    expect(await findings({ imports: [terminus(3_000)] })).toEqual(['terminus-delay']);
    expect(await findings({ imports: [terminus(0)] })).toEqual([]);
  });

  test('nothing in a healthy application', async () => {
    expect(await findings(withDatabase())).toEqual([]);
  });

  test('a process with pid 1', async () => {
    const found = await findings({}, (fake) => {
      fake.commandsAbove = [];
    });
    expect(found).toEqual(['pid-1']);
  });

  test.each([
    [['npm start']],
    [['sh -c node dist/main.js', 'npm run start:prod']],
    [['/bin/sh -c node dist/main.js']],
    [['/usr/local/bin/node /opt/yarn/bin/yarn.js start']],
    [['node /usr/lib/node_modules/npm/bin/npm-cli.js start']],
    [['/bin/bash /entrypoint.sh']],
  ])('a process below commands that all swallow signals: %j', async (commands) => {
    const found = await findings({}, (fake) => {
      fake.commandsAbove = commands;
    });
    expect(found).toEqual(['signals-kept']);
  });

  test.each([
    [['/sbin/tini -- node dist/main.js']],
    [['npm start', '/usr/bin/dumb-init npm start']],
    [['sh -c node dist/main.js', '/usr/lib/systemd/systemd']],
    [['sh', 'node /usr/bin/pm2', '/bin/sh /entrypoint.sh']],
    [['node cluster.js']],
  ])('nothing about a process below an init or a process manager: %j', async (commands) => {
    const found = await findings({}, (fake) => {
      fake.commandsAbove = commands;
    });
    expect(found).toEqual([]);
  });

  test('nothing if the platform hides the parent processes', async () => {
    const found = await findings({}, (fake) => {
      fake.commandsAbove = undefined;
    });
    expect(found).toEqual([]);
  });

  test.each(['SIGTERM', 'SIGINT'])('another listener of %s', async (signal) => {
    const found = await findings({}, (fake) => {
      fake.onSignal(signal, () => undefined);
    });
    expect(found).toEqual(['other-listeners']);
  });

  test('no other listener for a signal that is not ours', async () => {
    const found = await findings({ shutdown: { signals: ['SIGTERM'] } }, (fake) => {
      fake.onSignal('SIGINT', () => undefined);
    });
    expect(found).toEqual([]);
  });

  test('an earlier call of enableShutdownHooks', async () => {
    expect(await findings({}, (_, app) => void app.enableShutdownHooks(['SIGUSR2']))).toEqual([
      'hooks-beside',
    ]);
  });

  test('a plan that does not fit', async () => {
    expect(await findings({ shutdown: { gracePeriod: 10_000 } })).toEqual(['does-not-fit']);
  });

  test("a provider, injected by a handler's provider, that Nest destroys before the phases", async () => {
    expect(await findings(withDatabase({ runAt: 'before-application-shutdown' }))).toEqual([
      'destroyed-early',
    ]);
  });
});

@Injectable()
class Cache {
  @OnShutdown()
  close(): void {}
}

@Injectable()
class Sessions implements OnApplicationShutdown {
  constructor(readonly cache: Cache) {}

  onApplicationShutdown(): void {}
}

describe('a Nest hook that runs after a handler has closed what its provider injects', () => {
  test('is reported', async () => {
    expect(await findings({ providers: [Cache, Sessions] })).toEqual(['closed-before-hook']);
  });

  test('is not reported if its provider also has a handler', async () => {
    class MovedOver extends Sessions {
      @OnShutdown('flush')
      writeRest(): void {}
    }
    expect(await findings({ providers: [Cache, MovedOver] })).toEqual([]);
  });

  test('is not reported if the handler only stops or hands over something', async () => {
    class Queue {
      @OnShutdown('flush')
      flush(): void {}
    }
    @Injectable()
    class Feed {
      constructor(readonly queue: Queue) {}

      onModuleDestroy(): void {}
    }
    expect(await findings({ providers: [Queue, Feed] })).toEqual([]);
  });

  test('is not reported for indirect injections', async () => {
    @Injectable()
    class Store {
      constructor(readonly cache: Cache) {}
    }
    @Injectable()
    class Poller implements OnModuleDestroy {
      constructor(readonly store: Store) {}

      onModuleDestroy(): void {}
    }
    expect(await findings({ providers: [Cache, Store, Poller] })).toEqual([]);
  });

  test('is not reported if the phases run after the hooks', async () => {
    const shutdown = { runAt: 'before-application-shutdown' } as const;
    expect(await findings({ providers: [Cache, Sessions], shutdown })).toEqual([]);
  });

  test('is reported with what to do', async () => {
    const { lines } = await booted({ providers: [Cache, Sessions], shutdown: { signals: [] } });
    expect(lines).toEqual([
      "Sessions.onApplicationShutdown runs after the phases, when Cache.close has already closed what it injects. Turn it into an @OnShutdown() handler of an earlier phase; if it no longer needs what is closed, ignore this. Silence this with doctor: { ignore: ['closed-before-hook'] }.",
    ]);
  });
});

/** Boots an application that nobody has enabled the shutdown of, and lets it listen for two seconds. */
async function booted(
  parts: ApplicationParts,
  act: (fake: FakeProcess, app: INestApplication) => void = () => undefined,
): Promise<{ readonly lines: readonly string[] }> {
  const [clock, log, fake] = [new ManualClock(), new RecordedLog(), new FakeProcess()];
  const module = await testingModule(parts, { clock, log, process: fake }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  act(fake, app);
  await clock.advance(2_000);
  await app.close();
  expect(clock.pending).toBe(0);
  return { lines: log.warnings };
}

describe('an application that listens without signal listeners', () => {
  test('is reported', async () => {
    expect((await booted({})).lines).toEqual([
      "The app listens, but nothing listens to SIGTERM or SIGINT: the signal ends the process at once, and no phase runs. Call enableGracefulShutdown(app) after the app is created. Silence this with doctor: { ignore: ['signals-unheard'] }.",
    ]);
  });

  test.each<[string, (fake: FakeProcess, app: INestApplication) => void]>([
    ['has its shutdown enabled after it listens', (_, app) => void enableGracefulShutdown(app)],
    // Nest listens to the signals of the real process.
    ['has the hooks of Nest, or listens itself', (fake) => void fake.onSignal('SIGTERM', () => undefined)],
    ['is closed soon', (_, app) => void app.close()],
  ])('is not reported if it %s', async (_, act) => {
    expect((await booted({}, act)).lines).toEqual([]);
  });

  test('is not reported without a listening server', async () => {
    const [clock, log] = [new ManualClock(), new RecordedLog()];
    const module = await testingModule({}, { clock, log }).compile();
    await module.init();
    await clock.advance(2_000);
    expect(log.warnings).toEqual([]);
    await module.close();
  });

  test.each<GracefulShutdownOptions>([
    { signals: [] },
    { signals: ['SIGUSR2'] },
    { doctor: { ignore: ['signals-unheard'] } },
    { doctor: false },
  ])('is not reported with %j', async (shutdown) => {
    expect((await booted({ shutdown })).lines).toEqual([]);
  });
});

describe('a finding can be silenced', () => {
  test('by its kind', async () => {
    const found = await findings(
      { shutdown: { gracePeriod: 10_000, doctor: { ignore: ['does-not-fit'] } } },
      (fake) => {
        fake.commandsAbove = [];
      },
    );
    expect(found).toEqual(['pid-1']);
  });

  test('with all others', async () => {
    const found = await findings({ shutdown: { gracePeriod: 10_000, doctor: false } }, (fake) => {
      fake.commandsAbove = [];
    });
    expect(found).toEqual([]);
  });
});
