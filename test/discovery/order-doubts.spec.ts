import { Injectable } from '@nestjs/common';
import { OnShutdown } from '../../lib/index.js';
import { bootApplication } from '../nest/application.js';

@Injectable()
class Pool {
  @OnShutdown('flush')
  end(): void {}
}

const warning =
  "'Users.close' runs after 'Pool.end' has ended, but the provider of 'Users.close' injects the provider of 'Pool.end'. Move one of them to another phase, or confirm the order with after: ['Pool.end'] on 'Users.close'. Silence this with doctor: { ignore: ['order-doubted'] }.";

describe('a handler that runs after something its provider injects has ended', () => {
  test('is reported at boot with both names', async () => {
    @Injectable()
    class Users {
      constructor(readonly pool: Pool) {}

      @OnShutdown('close')
      close(): void {}
    }

    const { log } = await bootApplication({ providers: [Pool, Users] });
    expect(log.warnings).toEqual([warning]);
  });

  test('is reported through a provider without a handler', async () => {
    @Injectable()
    class Repository {
      constructor(readonly pool: Pool) {}
    }
    @Injectable()
    class Users {
      constructor(readonly repository: Repository) {}

      @OnShutdown('close')
      close(): void {}
    }

    const { log } = await bootApplication({ providers: [Pool, Repository, Users] });
    expect(log.warnings).toEqual([warning]);
  });

  test('is accepted if `after` states the order', async () => {
    @Injectable()
    class Users {
      constructor(readonly pool: Pool) {}

      @OnShutdown({ phase: 'close', after: ['Pool.end'] })
      close(): void {}
    }

    const { log } = await bootApplication({ providers: [Pool, Users] });
    expect(log.warnings).toEqual([]);
  });

  test('is accepted if the injected provider has another, later handler', async () => {
    @Injectable()
    class Broker {
      @OnShutdown('drain')
      cancel(): void {}

      @OnShutdown('close')
      close(): void {}
    }
    @Injectable()
    class Consumer {
      constructor(readonly broker: Broker) {}

      @OnShutdown('flush')
      acknowledge(): void {}
    }

    const { log } = await bootApplication({ providers: [Broker, Consumer] });
    expect(log.warnings).toEqual([]);
  });

  test('is not reported in the right order, in one phase, or without injection', async () => {
    @Injectable()
    class Early {
      constructor(readonly pool: Pool) {}

      @OnShutdown('drain')
      stop(): void {}
    }
    @Injectable()
    class SamePhase {
      constructor(readonly pool: Pool) {}

      @OnShutdown('flush')
      stop(): void {}
    }
    @Injectable()
    class Unrelated {
      @OnShutdown('close')
      stop(): void {}
    }

    const { log } = await bootApplication({ providers: [Pool, Early, SamePhase, Unrelated] });
    expect(log.warnings).toEqual([]);
  });

  test('is reported once per handler', async () => {
    @Injectable()
    class Users {
      constructor(readonly pool: Pool) {}

      @OnShutdown()
      save(): void {}

      @OnShutdown()
      close(): void {}
    }

    const { log } = await bootApplication({ providers: [Pool, Users] });
    expect(log.warnings).toHaveLength(2);
    expect(log.warnings.map((text) => /^'[^']+'/.exec(text)?.[0])).toEqual(["'Users.save'", "'Users.close'"]);
  });
});
