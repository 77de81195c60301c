import { Injectable, type INestApplication, type OnModuleDestroy } from '@nestjs/common';
import { PROCESS_GUARD } from '../../lib/graceful-shutdown.module.js';
import { OnShutdown, enableGracefulShutdown, type GracefulShutdownOptions } from '../../lib/index.js';
import { ProcessGuard } from '../../lib/lifecycle/process-guard.js';
import { FakeProcess } from '../../lib/testing/fake-process.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { RecordedLog, testingModule, type ApplicationParts } from './application.js';

/** What an application is told at boot, in a process as the test makes it. */
async function findings(
  parts: ApplicationParts,
  prepare: (fake: FakeProcess, app: INestApplication) => void = () => undefined,
): Promise<readonly string[]> {
  const [clock, log, fake] = [new ManualClock(), new RecordedLog(), new FakeProcess()];
  const guard = new ProcessGuard(fake, clock, () => undefined);
  const module = await testingModule(parts, { clock, log })
    .overrideProvider(PROCESS_GUARD)
    .useValue(guard)
    .compile();
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

describe('the doctor finds', () => {
  test('nothing in a healthy application', async () => {
    expect(await findings(withDatabase())).toEqual([]);
  });

  test('a process that is the first of its container', async () => {
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
  ])('that nothing but what keeps signals to itself is above the process: %j', async (commands) => {
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
  ])('nothing wrong where an init or a process manager is above the process: %j', async (commands) => {
    const found = await findings({}, (fake) => {
      fake.commandsAbove = commands;
    });
    expect(found).toEqual([]);
  });

  test('nothing where the platform does not tell what is above the process', async () => {
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

  test('no other listener where the signal is none of ours', async () => {
    const found = await findings({ shutdown: { signals: ['SIGTERM'] } }, (fake) => {
      fake.onSignal('SIGINT', () => undefined);
    });
    expect(found).toEqual([]);
  });

  test('enableShutdownHooks that was called before', async () => {
    expect(await findings({}, (_, app) => void app.enableShutdownHooks(['SIGUSR2']))).toEqual([
      'hooks-beside',
    ]);
  });

  test('a plan that does not fit', async () => {
    expect(await findings({ shutdown: { gracePeriod: 10_000 } })).toEqual(['does-not-fit']);
  });

  test("a provider that closes before the phases what a handler's provider injects", async () => {
    expect(await findings(withDatabase({ runAt: 'before-application-shutdown' }))).toEqual([
      'destroyed-early',
    ]);
  });
});

describe('a finding is silenced', () => {
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
