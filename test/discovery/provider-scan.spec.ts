import {
  Controller,
  Inject,
  Injectable,
  Module,
  Optional,
  Scope,
  type DynamicModule,
  type ModuleMetadata,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { InFlight, OnShutdown } from '../../lib/index.js';
import { bootApplication, bootMistakes } from '../nest/application.js';

/** A class whose handler counts its calls, made anew for each test. */
function poolClass() {
  const ended: object[] = [];
  class Pool {
    @OnShutdown()
    end(): void {
      ended.push(this);
    }
  }
  return { Pool, ended };
}

/** Runs an application to its end, and answers with its plan's names. */
async function run(metadata: ModuleMetadata): Promise<readonly string[]> {
  const { taskNames, finish } = await bootApplication(metadata);
  const names = taskNames();
  const { outcome } = await finish();
  expect(outcome).toBe('completed');
  return names;
}

describe('a provider with several tokens', () => {
  test('runs once if the other tokens are aliases', async () => {
    const { Pool, ended } = poolClass();
    await run({
      providers: [{ provide: 'FIRST', useExisting: Pool }, Pool, { provide: 'SECOND', useExisting: 'FIRST' }],
    });
    expect(ended).toHaveLength(1);
  });

  test('runs once with an alias in another module', async () => {
    const { Pool, ended } = poolClass();
    @Module({ providers: [Pool], exports: [Pool] })
    class PoolModule {}
    @Module({ imports: [PoolModule], providers: [{ provide: 'POOL', useExisting: Pool }] })
    class UsersModule {}

    expect(await run({ imports: [UsersModule] })).toEqual(['Pool.end']);
    expect(ended).toHaveLength(1);
  });

  test('runs once if a factory returns the instance of another provider', async () => {
    const { Pool, ended } = poolClass();
    await run({
      providers: [Pool, { provide: 'POOL', inject: [Pool], useFactory: (pool: object) => pool }],
    });
    expect(ended).toHaveLength(1);
  });

  test('runs once if the same value is provided twice', async () => {
    const { Pool, ended } = poolClass();
    const pool = new Pool();
    await run({
      providers: [
        { provide: 'FIRST', useValue: pool },
        { provide: 'SECOND', useValue: pool },
      ],
    });
    expect(ended).toEqual([pool]);
  });

  test('runs once if several modules import its module', async () => {
    const { Pool, ended } = poolClass();
    @Module({ providers: [Pool], exports: [Pool] })
    class PoolModule {}
    @Module({ imports: [PoolModule] })
    class UsersModule {}
    @Module({ imports: [PoolModule] })
    class OrdersModule {}

    expect(await run({ imports: [UsersModule, OrdersModule] })).toEqual(['Pool.end']);
    expect(ended).toHaveLength(1);
  });

  test('runs once per instance', async () => {
    const { Pool, ended } = poolClass();
    await run({ providers: [Pool, { provide: 'REPLICA', useClass: Pool }] });
    expect(new Set(ended).size).toBe(2);
  });
});

describe('an instance not constructed by Nest', () => {
  test('is found if a factory created it', async () => {
    const { Pool, ended } = poolClass();
    expect(await run({ providers: [{ provide: 'POOL', useFactory: () => new Pool() }] })).toEqual([
      'Pool.end',
    ]);
    expect(ended).toHaveLength(1);
  });

  test('is found if an asynchronous factory created it', async () => {
    const { Pool, ended } = poolClass();
    await run({ providers: [{ provide: 'POOL', useFactory: () => Promise.resolve(new Pool()) }] });
    expect(ended).toHaveLength(1);
  });

  test('is found if it is a useValue', async () => {
    const { Pool, ended } = poolClass();
    const pool = new Pool();
    expect(await run({ providers: [{ provide: Pool, useValue: pool }] })).toEqual(['Pool.end']);
    expect(ended).toEqual([pool]);
  });

  test('is found in a dynamic module', async () => {
    const { Pool, ended } = poolClass();
    @Module({})
    class PoolModule {
      static forRoot(): DynamicModule {
        return { module: PoolModule, providers: [{ provide: 'POOL', useFactory: () => new Pool() }] };
      }
    }

    await run({ imports: [PoolModule.forRoot()] });
    expect(ended).toHaveLength(1);
  });

  test('is found if its token is another class', async () => {
    const { Pool, ended } = poolClass();
    abstract class Database {}
    await run({ providers: [{ provide: Database, useClass: Pool }] });
    expect(ended).toHaveLength(1);
  });

  test('is not expected if a factory returns something else for a decorated class', async () => {
    const { Pool, ended } = poolClass();
    expect(await run({ providers: [{ provide: Pool, useValue: { end: () => undefined } }] })).toEqual([]);
    expect(ended).toEqual([]);
  });
});

describe('a module class', () => {
  test('is found like a provider', async () => {
    const calls: string[] = [];
    @Module({})
    class DatabaseModule {
      @OnShutdown()
      disconnect(): void {
        calls.push('disconnect');
      }
    }

    expect(await run({ imports: [DatabaseModule] })).toEqual(['DatabaseModule.disconnect']);
    expect(calls).toEqual(['disconnect']);
  });
});

describe('a value that is not a class instance', () => {
  const refuse = (): never => {
    throw new Error('hands off');
  };
  /** Answers what Nest asks of the result of a factory, and throws at all other access. */
  const hostile = new Proxy(
    {},
    {
      get: (_, key) => (/^(then|constructor|(on|before)[A-Z].*)$/.test(String(key)) ? undefined : refuse()),
      getPrototypeOf: refuse,
      has: refuse,
      ownKeys: refuse,
      getOwnPropertyDescriptor: refuse,
      set: refuse,
      defineProperty: refuse,
    },
  );
  const values: readonly [string, unknown][] = [
    ['an object without prototype', Object.create(null)],
    ['undefined', undefined],
    ['null', null],
    ['a number', 42],
    ['a string', 'redis://'],
    ['a boolean', false],
    ['a symbol', Symbol('value')],
    ['a bigint', 10n],
    ['a function', () => undefined],
    ['a class', poolClass().Pool],
    ['a list', [1, 2]],
    ['a frozen object', Object.freeze({ end: 1 })],
    ['a map', new Map()],
    ['an object with a constructor that is not a function', { constructor: 'none' }],
    ['an object on a prototype without constructor', Object.create(Object.create(null))],
  ];
  const guarded: readonly [string, unknown][] = [
    [
      'an object on a prototype whose constructor cannot be read',
      Object.create(Object.defineProperty({}, 'constructor', { get: refuse }), {
        constructor: { value: undefined },
      }),
    ],
    ['a proxy that throws on every access', hostile],
  ];

  test.each(values)('%s as useValue does no harm', async (_, value) => {
    const { Pool, ended } = poolClass();
    const names = await run({
      providers: [
        { provide: 'VALUE', useValue: value },
        { provide: 'POOL', useFactory: () => new Pool(), inject: ['VALUE'] },
      ],
    });
    expect(names).toEqual(['Pool.end']);
    expect(ended).toHaveLength(1);
  });

  // Nest itself cannot take these as a useValue.
  test.each([...values, ...guarded])('%s from a factory does no harm', async (_, value) => {
    const { Pool, ended } = poolClass();
    const names = await run({
      providers: [
        { provide: 'MADE', useFactory: () => value },
        { provide: 'POOL', useFactory: () => new Pool(), inject: ['MADE'] },
      ],
    });
    expect(names).toEqual(['Pool.end']);
    expect(ended).toHaveLength(1);
  });

  test('runs the handlers of a frozen instance', async () => {
    const { Pool, ended } = poolClass();
    const pool = Object.freeze(new Pool());
    await run({ providers: [{ provide: Pool, useValue: pool }] });
    expect(ended).toEqual([pool]);
  });
});

describe("a provider's other members", () => {
  test('include a throwing getter that is never read', async () => {
    const calls: string[] = [];
    class Pool {
      get size(): number {
        throw new Error('read at boot');
      }

      get end(): () => void {
        calls.push('end was read');
        return () => undefined;
      }

      @OnShutdown()
      close(): void {
        calls.push('close');
      }
    }

    await run({ providers: [Pool] });
    expect(calls).toEqual(['close']);
  });

  test('are never read if the provider has no handler', async () => {
    class Config {
      get size(): number {
        throw new Error('read at boot');
      }
    }

    expect(await run({ providers: [Config] })).toEqual([]);
  });
});

describe('rule 8: a request-scoped provider', () => {
  const message =
    '@OnShutdown is on a request-scoped provider, which has no instance at shutdown. Move the method to a provider of the default scope.';

  test('is rejected with the name of its method', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Basket {
      @OnShutdown()
      save(): void {}
    }

    expect(await bootMistakes({ providers: [Basket] })).toEqual([
      { code: 'SHUTDOWN_REQUEST_SCOPED', path: 'Basket.save', message },
    ]);
  });

  test('is rejected if a dependency makes it request-scoped', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Tenant {}
    @Injectable()
    class Basket {
      constructor(readonly tenant: Tenant) {}

      @OnShutdown()
      save(): void {}
    }

    expect(await bootMistakes({ providers: [Tenant, Basket] })).toEqual([
      { code: 'SHUTDOWN_REQUEST_SCOPED', path: 'Basket.save', message },
    ]);
  });

  test('is rejected if an indirect dependency makes it request-scoped', async () => {
    @Injectable()
    class Tenant {
      constructor(@Inject(REQUEST) readonly request: unknown) {}
    }
    @Injectable()
    class Prices {
      constructor(readonly tenant: Tenant) {}
    }
    @Controller()
    class Basket {
      constructor(readonly prices: Prices) {}

      @OnShutdown()
      save(): void {}
    }

    expect(await bootMistakes({ providers: [Tenant, Prices], controllers: [Basket] })).toEqual([
      { code: 'SHUTDOWN_REQUEST_SCOPED', path: 'Basket.save', message },
    ]);
  });

  test('is rejected if it is durable', async () => {
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class Basket {
      @OnShutdown()
      save(): void {}
    }

    expect(await bootMistakes({ providers: [Basket] })).toMatchObject([
      { code: 'SHUTDOWN_REQUEST_SCOPED', path: 'Basket.save' },
    ]);
  });

  test('is reported with every method, together with other configuration errors', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Basket {
      @OnShutdown()
      save(): void {}

      @OnShutdown('flush')
      publish(): void {}

      @InFlight()
      pay(): void {}
    }
    @Injectable({ scope: Scope.REQUEST })
    class Cart {
      @OnShutdown()
      save(): void {}
    }

    const mistakes = await bootMistakes({ providers: [Basket, Cart] });
    expect(new Set(mistakes.map(({ code }) => code))).toEqual(new Set(['SHUTDOWN_REQUEST_SCOPED']));
    expect(mistakes.map(({ path }) => path).toSorted()).toEqual([
      'Basket.pay',
      'Basket.publish',
      'Basket.save',
      'Cart.save',
    ]);
  });

  test('is accepted without handlers', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Basket {}

    expect(await run({ providers: [Basket] })).toEqual([]);
  });
});

describe('a transient provider', () => {
  test('runs the handlers of each instance', async () => {
    const closed: object[] = [];
    @Injectable({ scope: Scope.TRANSIENT })
    class Cursor {
      @OnShutdown()
      close(): void {
        closed.push(this);
      }
    }
    @Injectable()
    class Users {
      constructor(readonly cursor: Cursor) {}
    }
    @Injectable()
    class Orders {
      constructor(readonly cursor: Cursor) {}
    }

    const { module, finish } = await bootApplication({ providers: [Cursor, Users, Orders] });
    await finish();
    expect(new Set(closed)).toEqual(new Set([module.get(Users).cursor, module.get(Orders).cursor]));
    expect(closed).toHaveLength(2);
  });

  test('runs nothing if nobody injects it', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Cursor {
      @OnShutdown()
      close(): void {}
    }

    expect(await run({ providers: [Cursor] })).toEqual([]);
  });
});

describe('a missing optional dependency', () => {
  test('keeps the handlers of its provider and of its neighbours', async () => {
    const calls: string[] = [];
    class Cache {
      @OnShutdown()
      close(): void {
        calls.push('cache');
      }
    }
    @Injectable()
    class Users {
      @Optional() @Inject('METRICS') readonly metrics?: object;

      constructor(
        @Optional() @Inject('TRACER') readonly tracer: object | undefined,
        readonly cache: Cache,
      ) {}

      @OnShutdown()
      close(): void {
        calls.push('users');
      }
    }

    await run({
      providers: [
        Cache,
        Users,
        {
          provide: 'LATE',
          useFactory: () => ({}),
          inject: [{ token: 'NOBODY', optional: true }, Users],
        },
      ],
    });
    expect(calls).toEqual(['users', 'cache']);
  });
});
