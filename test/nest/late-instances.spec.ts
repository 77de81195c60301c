import { Inject, Injectable, Module, Scope, type Type } from '@nestjs/common';
import { LazyModuleLoader, ModuleRef } from '@nestjs/core';
import {
  GracefulShutdown,
  InFlight,
  InFlightWork,
  OnShutdown,
  ShutdownConfigurationError,
} from '../../lib/index.js';
import { bootApplication, taskReport } from './application.js';

@Injectable()
class Pool {
  @OnShutdown()
  end(): void {}
}

/** A module that is loaded lazily, with one provider of its own. */
function lazyModule(provider: Type): Type {
  @Module({ providers: [provider], exports: [provider] })
  class LazyModule {}
  return LazyModule;
}

/** Makes instances in the module of the pool. */
@Injectable()
class Maker {
  constructor(@Inject(ModuleRef) readonly moduleRef: ModuleRef) {}
}

async function boot(providers: readonly Type[] = []) {
  const application = await bootApplication({ providers: [Pool, Maker, ...providers] });
  const { moduleRef } = application.module.get(Maker);
  const loader = application.module.get(LazyModuleLoader, { strict: false });
  const create = <T>(type: Type<T>): Promise<T> => moduleRef.create(type);
  return { ...application, moduleRef, load: (type: Type) => loader.load(() => lazyModule(type)), create };
}

@Injectable()
class Reports {
  @OnShutdown()
  close(): void {}

  @InFlight('report')
  make(ended: Promise<void>): Promise<void> {
    return ended;
  }
}

describe('a provider of a lazily loaded module', () => {
  test('is in the plan once it is loaded, and its handler runs', async () => {
    const { load, shutdown, finish } = await boot();
    await load(Reports);

    expect(shutdown.plan().phases.flatMap(({ tasks }) => tasks.map(({ name }) => name))).toContain(
      'Reports.close',
    );
    expect(taskReport(await finish(), 'Reports.close')?.outcome).toBe('completed');
  });

  test('has its work counted once it is loaded', async () => {
    const { load, module } = await boot();
    const ref = await load(Reports);
    let end: () => void = () => undefined;
    void ref.get(Reports, { strict: false }).make(new Promise((resolve) => (end = resolve)));

    expect(module.get(InFlightWork).items.map(({ name }) => name)).toEqual(['report']);
    end();
  });

  test('with an invalid handler is reported, and the load goes on', async () => {
    @Injectable()
    class Wrong {
      @OnShutdown('no such phase')
      close(): void {}
    }
    const { load, log, finish } = await boot();
    await load(Wrong);

    expect(log.lines.filter(({ level }) => level === 'error').map(({ text }) => text)).toEqual([
      expect.stringContaining("unknown phase 'no such phase'"),
    ]);
    expect((await finish()).outcome).toBe('completed');
  });

  test('may register a task in its constructor', async () => {
    @Injectable()
    class Tenant {
      constructor(@Inject(GracefulShutdown) shutdown: GracefulShutdown) {
        shutdown.register({ name: 'tenant', owner: this, run: () => undefined });
      }
    }
    const { load, finish } = await boot();
    await load(Tenant);

    expect(taskReport(await finish(), 'tenant')?.outcome).toBe('completed');
  });

  test('runs with the shutdown if it is loaded during the run', async () => {
    @Injectable()
    class LateLoader {
      constructor(@Inject(LazyModuleLoader) readonly loader: LazyModuleLoader) {}

      @OnShutdown('drain')
      async load(): Promise<void> {
        await this.loader.load(() => lazyModule(Reports));
      }
    }
    const { finish } = await boot([LateLoader]);

    expect(taskReport(await finish(), 'Reports.close')?.outcome).toBe('completed');
  });
});

describe('an instance created by ModuleRef.create()', () => {
  @Injectable()
  class Connection {
    constructor(@Inject(Pool) readonly pool: Pool) {}

    @OnShutdown()
    close(): void {}
  }

  test('runs its handler before what it injects closes', async () => {
    const { create, recorder, finish } = await boot();
    const kept = await create(Connection);
    await finish();

    expect(kept.pool).toBeInstanceOf(Pool);
    expect(() => recorder.expectOrder('Connection.close', 'Pool.end')).not.toThrow();
  });

  test('gets a name of its own among several', async () => {
    const { create, finish } = await boot();
    const kept = [await create(Connection), await create(Connection)];
    const names = (await finish()).phases.flatMap(({ tasks }) => tasks.map(({ name }) => name));

    expect(kept).toHaveLength(2);
    expect(new Set(names.filter((name) => name.startsWith('Connection.close'))).size).toBe(2);
  });

  test('is found if resolve() created it from a transient class', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Cursor {
      @OnShutdown()
      close(): void {}
    }
    const { moduleRef, finish } = await boot([Cursor]);
    const kept = await moduleRef.resolve(Cursor);

    expect(kept).toBeInstanceOf(Cursor);
    expect(taskReport(await finish(), 'Cursor.close')?.outcome).toBe('completed');
  });

  test('may own a registered task', async () => {
    @Injectable()
    class Session {
      constructor(
        @Inject(GracefulShutdown) shutdown: GracefulShutdown,
        @Inject(Pool) readonly pool: Pool,
      ) {
        shutdown.register({ name: 'session', owner: this, run: () => Promise.resolve() });
      }
    }
    const { create, recorder, finish } = await boot();
    await create(Session);
    await finish();

    expect(() => recorder.expectOrder('session', 'Pool.end')).not.toThrow();
  });
});

describe('the owner of a registered task', () => {
  test('may be a function from a factory, such as the knex client', async () => {
    const knex = Object.assign(() => 'query', { destroy: () => Promise.resolve() });
    @Injectable()
    class Users {
      constructor(@Inject('KNEX') readonly client: unknown) {}

      @OnShutdown()
      close(): Promise<void> {
        return Promise.resolve();
      }
    }
    const { shutdown, recorder, finish } = await bootApplication({
      providers: [Users, { provide: 'KNEX', useFactory: () => knex }],
    });
    shutdown.register({ name: 'knex', owner: knex, run: () => knex.destroy() });
    await finish();

    expect(() => recorder.expectOrder('Users.close', 'knex')).not.toThrow();
  });

  test.each([
    ['a plain object', {}],
    ['a class in place of its instance', Pool],
  ])('is rejected if it is %s and the order depends on it', async (_, owner) => {
    const { shutdown } = await bootApplication({ providers: [Pool] });
    const register = (): unknown => shutdown.register({ name: 'late', owner, run: () => undefined });

    expect(register).toThrow(ShutdownConfigurationError);
    expect(register).toThrow('late.owner: expected an instance that Nest injects');
  });

  test('may be anything if no order depends on it', async () => {
    const { shutdown, finish } = await bootApplication({});
    shutdown.register({ name: 'late', owner: {}, phase: 'flush', run: () => undefined });

    expect(taskReport(await finish(), 'late')?.outcome).toBe('completed');
  });

  test('is rejected at boot if it was registered before the injections were read', async () => {
    @Injectable()
    class Early {
      constructor(@Inject(GracefulShutdown) shutdown: GracefulShutdown) {
        shutdown.register({ name: 'early', owner: {}, run: () => undefined });
      }
    }

    await expect(bootApplication({ providers: [Early] })).rejects.toThrow('early.owner');
  });
});
