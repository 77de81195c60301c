import {
  Controller,
  Global,
  Inject,
  Injectable,
  Module,
  Optional,
  Scope,
  UseGuards,
  UseInterceptors,
  forwardRef,
  type CanActivate,
  type ModuleMetadata,
  type NestInterceptor,
} from '@nestjs/common';
import { OnShutdown } from '../../lib/index.js';
import type { EventRecorder } from '../../lib/testing/event-recorder.js';
import { bootApplication } from '../nest/application.js';

declare global {
  namespace jest {
    interface Matchers<R> {
      /** Each of these ended before the next one started. */
      toCloseInOrder(...tasks: readonly string[]): R;
    }
  }
}

expect.extend({
  toCloseInOrder(recorder: EventRecorder, ...tasks: readonly string[]) {
    try {
      recorder.expectOrder(...tasks);
      return { pass: true, message: () => `${tasks.join(', ')} closed in this order` };
    } catch (error) {
      return { pass: false, message: () => String(error) };
    }
  },
});

/** A slow handler: a handler that does not wait for it overtakes it. */
abstract class Closing {
  @OnShutdown()
  async close(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  }
}

async function closed(metadata: ModuleMetadata): Promise<EventRecorder> {
  const { recorder, finish } = await bootApplication(metadata);
  const { outcome } = await finish();
  expect(outcome).toBe('completed');
  return recorder;
}

/** Whether both were running at the same time. */
function sideBySide({ words }: EventRecorder, a: string, b: string): boolean {
  const [startA, startB] = [words.indexOf(`start ${a}`), words.indexOf(`start ${b}`)];
  const [endA, endB] = [words.indexOf(`completed ${a}`), words.indexOf(`completed ${b}`)];
  expect(Math.min(startA, startB, endA, endB)).toBeGreaterThan(-1);
  return startA < endB && startB < endA;
}

describe('rule 4: a provider closes after everything that injects it', () => {
  test('by constructor, whatever the order of the providers', async () => {
    @Injectable()
    class Pool extends Closing {}
    @Injectable()
    class Repository extends Closing {
      constructor(readonly pool: Pool) {
        super();
      }
    }
    @Injectable()
    class Service extends Closing {
      constructor(readonly repository: Repository) {
        super();
      }
    }

    const inOrder = ['Service.close', 'Repository.close', 'Pool.close'];
    expect(await closed({ providers: [Pool, Repository, Service] })).toCloseInOrder(...inOrder);
    expect(await closed({ providers: [Service, Repository, Pool] })).toCloseInOrder(...inOrder);
    expect(await closed({ providers: [Repository, Service, Pool] })).toCloseInOrder(...inOrder);
  });

  test('by property', async () => {
    @Injectable()
    class Pool extends Closing {}
    @Injectable()
    class Repository extends Closing {
      @Inject(Pool) readonly pool!: Pool;
    }

    expect(await closed({ providers: [Pool, Repository] })).toCloseInOrder('Repository.close', 'Pool.close');
  });

  test('by the inject of a factory', async () => {
    class Pool extends Closing {}
    class Repository extends Closing {
      constructor(readonly pool: Pool) {
        super();
      }
    }

    const recorder = await closed({
      providers: [
        { provide: 'POOL', useFactory: () => new Pool() },
        { provide: 'REPOSITORY', useFactory: (pool: Pool) => new Repository(pool), inject: ['POOL'] },
      ],
    });
    expect(recorder).toCloseInOrder('Repository.close', 'Pool.close');
  });

  test('by an optional inject of a factory', async () => {
    class Pool extends Closing {}
    class Repository extends Closing {}

    const recorder = await closed({
      providers: [
        Pool,
        {
          provide: 'REPOSITORY',
          useFactory: () => new Repository(),
          inject: [
            { token: 'NOBODY', optional: true },
            { token: Pool, optional: true },
          ],
        },
      ],
    });
    expect(recorder).toCloseInOrder('Repository.close', 'Pool.close');
  });

  test('despite a missing optional dependency', async () => {
    @Injectable()
    class Pool extends Closing {}
    @Injectable()
    class Repository extends Closing {
      constructor(
        @Optional() @Inject('TRACER') readonly tracer: object | undefined,
        readonly pool: Pool,
      ) {
        super();
      }
    }

    expect(await closed({ providers: [Pool, Repository] })).toCloseInOrder('Repository.close', 'Pool.close');
  });

  test('through an alias', async () => {
    @Injectable()
    class Pool extends Closing {}
    @Injectable()
    class Repository extends Closing {
      constructor(@Inject('SECOND') readonly pool: object) {
        super();
      }
    }

    const recorder = await closed({
      providers: [
        { provide: 'FIRST', useExisting: Pool },
        { provide: 'SECOND', useExisting: 'FIRST' },
        Pool,
        Repository,
      ],
    });
    expect(recorder).toCloseInOrder('Repository.close', 'Pool.close');
  });

  test('through a factory that returns the instance of another provider', async () => {
    @Injectable()
    class Pool extends Closing {}
    @Injectable()
    class Repository extends Closing {
      constructor(@Inject('POOL') readonly pool: object) {
        super();
      }
    }

    const recorder = await closed({
      providers: [{ provide: 'POOL', useFactory: (pool: Pool) => pool, inject: [Pool] }, Pool, Repository],
    });
    expect(recorder).toCloseInOrder('Repository.close', 'Pool.close');
  });

  test('across modules', async () => {
    @Injectable()
    class Pool extends Closing {}
    @Module({ providers: [Pool], exports: [Pool] })
    class DatabaseModule {}
    @Module({ imports: [DatabaseModule], exports: [DatabaseModule] })
    class StorageModule {}
    @Injectable()
    class Repository extends Closing {
      constructor(readonly pool: Pool) {
        super();
      }
    }
    @Module({ imports: [StorageModule], providers: [Repository] })
    class UsersModule {}

    expect(await closed({ imports: [UsersModule] })).toCloseInOrder('Repository.close', 'Pool.close');
  });

  test('from a global module', async () => {
    @Injectable()
    class Pool extends Closing {}
    @Global()
    @Module({ providers: [Pool], exports: [Pool] })
    class DatabaseModule {}
    @Injectable()
    class Repository extends Closing {
      constructor(readonly pool: Pool) {
        super();
      }
    }
    @Module({ providers: [Repository] })
    class UsersModule {}

    const recorder = await closed({ imports: [DatabaseModule, UsersModule] });
    expect(recorder).toCloseInOrder('Repository.close', 'Pool.close');
  });

  test('if it is a useValue', async () => {
    class Pool extends Closing {}
    @Injectable()
    class Repository extends Closing {
      constructor(@Inject('POOL') readonly pool: object) {
        super();
      }
    }

    const recorder = await closed({ providers: [{ provide: 'POOL', useValue: new Pool() }, Repository] });
    expect(recorder).toCloseInOrder('Repository.close', 'Pool.close');
  });

  test('by a controller, its guard and its interceptor', async () => {
    @Injectable()
    class Pool extends Closing {}
    @Injectable()
    class RateLimit extends Closing implements CanActivate {
      constructor(readonly pool: Pool) {
        super();
      }

      canActivate(): boolean {
        return true;
      }
    }
    @Injectable()
    class Metrics extends Closing implements NestInterceptor {
      constructor(readonly pool: Pool) {
        super();
      }

      intercept: NestInterceptor['intercept'] = (_, next) => next.handle();
    }
    @Controller()
    @UseGuards(RateLimit)
    @UseInterceptors(Metrics)
    class Orders extends Closing {}

    const recorder = await closed({ providers: [Pool], controllers: [Orders] });
    expect(recorder).toCloseInOrder('Orders.close', 'RateLimit.close', 'Pool.close');
    expect(recorder).toCloseInOrder('Orders.close', 'Metrics.close', 'Pool.close');
  });

  test('through a provider without a handler', async () => {
    @Injectable()
    class Pool extends Closing {}
    @Injectable()
    class Client {
      constructor(readonly pool: Pool) {}
    }
    @Injectable()
    class Mapper {
      constructor(readonly client: Client) {}
    }
    @Injectable()
    class Repository extends Closing {
      constructor(readonly mapper: Mapper) {
        super();
      }
    }

    const recorder = await closed({ providers: [Pool, Client, Mapper, Repository] });
    expect(recorder).toCloseInOrder('Repository.close', 'Pool.close');
  });

  test('if only transient instances inject it', async () => {
    @Injectable()
    class Pool extends Closing {}
    @Injectable({ scope: Scope.TRANSIENT })
    class Cursor extends Closing {
      constructor(readonly pool: Pool) {
        super();
      }
    }
    @Injectable()
    class Users extends Closing {
      constructor(readonly cursor: Cursor) {
        super();
      }
    }

    const recorder = await closed({ providers: [Pool, Cursor, Users] });
    expect(recorder).toCloseInOrder('Users.close', 'Cursor.close', 'Pool.close');
  });

  test('after the last of several', async () => {
    @Injectable()
    class Pool extends Closing {}
    @Injectable()
    class Users extends Closing {
      constructor(readonly pool: Pool) {
        super();
      }
    }
    @Injectable()
    class Orders extends Closing {
      constructor(readonly pool: Pool) {
        super();
      }
    }

    const recorder = await closed({ providers: [Pool, Users, Orders] });
    expect(recorder).toCloseInOrder('Users.close', 'Pool.close');
    expect(recorder).toCloseInOrder('Orders.close', 'Pool.close');
    expect(sideBySide(recorder, 'Users.close', 'Orders.close')).toBe(true);
  });

  test('even if one of them failed to close', async () => {
    @Injectable()
    class Pool extends Closing {}
    @Injectable()
    class Users {
      constructor(readonly pool: Pool) {}

      @OnShutdown()
      close(): Promise<void> {
        return Promise.reject(new Error('no'));
      }
    }

    const { finish, recorder } = await bootApplication({ providers: [Pool, Users] });
    const { outcome } = await finish();
    expect(outcome).toBe('failed');
    expect(recorder).toCloseInOrder('Users.close', 'Pool.close');
  });
});

describe('rule 4: providers without a path between them', () => {
  test('close in parallel', async () => {
    @Injectable()
    class Redis extends Closing {}
    @Injectable()
    class Postgres extends Closing {}

    const recorder = await closed({ providers: [Redis, Postgres] });
    expect(sideBySide(recorder, 'Redis.close', 'Postgres.close')).toBe(true);
  });
});

describe('rule 4: providers that inject each other', () => {
  @Injectable()
  class Pool extends Closing {}
  @Injectable()
  class Users extends Closing {
    constructor(
      @Inject(forwardRef(() => Orders)) readonly orders: object,
      readonly pool: Pool,
    ) {
      super();
    }
  }
  @Injectable()
  class Orders extends Closing {
    constructor(@Inject(forwardRef(() => Users)) readonly users: object) {
      super();
    }
  }
  @Injectable()
  class Shop extends Closing {
    constructor(readonly orders: Orders) {
      super();
    }
  }

  test('close together, after what injects either and before what either injects', async () => {
    const recorder = await closed({ providers: [Pool, Users, Orders, Shop] });
    expect(sideBySide(recorder, 'Users.close', 'Orders.close')).toBe(true);
    expect(recorder).toCloseInOrder('Shop.close', 'Users.close', 'Pool.close');
    expect(recorder).toCloseInOrder('Shop.close', 'Orders.close', 'Pool.close');
  });

  test('close together across modules that import each other', async () => {
    @Injectable()
    class Left extends Closing {
      constructor(@Inject(forwardRef(() => Right)) readonly right: object) {
        super();
      }
    }
    @Injectable()
    class Right extends Closing {
      constructor(@Inject(forwardRef(() => Left)) readonly left: object) {
        super();
      }
    }
    @Module({ imports: [forwardRef(() => RightModule)], providers: [Left], exports: [Left] })
    class LeftModule {}
    @Module({ imports: [forwardRef(() => LeftModule)], providers: [Right], exports: [Right] })
    class RightModule {}

    const recorder = await closed({ imports: [LeftModule, RightModule] });
    expect(sideBySide(recorder, 'Left.close', 'Right.close')).toBe(true);
  });
});

describe('rule 4: `after` adds an order that the injection does not show', () => {
  test('for a provider from moduleRef.get', async () => {
    class Pool {
      @OnShutdown({ after: ['Users.close'] })
      close(): void {}
    }
    class Users extends Closing {}

    expect(await closed({ providers: [Pool, Users] })).toCloseInOrder('Users.close', 'Pool.close');
  });

  test('is rejected if it contradicts the injection', async () => {
    @Injectable()
    class Pool extends Closing {}
    @Injectable()
    class Users {
      constructor(readonly pool: Pool) {}

      @OnShutdown({ after: ['Pool.close'] })
      close(): void {}
    }

    await expect(bootApplication({ providers: [Pool, Users] })).rejects.toMatchObject({
      mistakes: [
        {
          code: 'SHUTDOWN_TASK_CYCLE',
          path: 'close',
          message: expect.stringContaining('Users.close'),
        },
      ],
    });
  });
});

describe('rule 4: in a phase of another mode', () => {
  @Injectable()
  class Pool {
    @OnShutdown('flush')
    async flush(): Promise<void> {
      await Promise.resolve();
    }
  }
  @Injectable()
  class Users {
    constructor(readonly pool: Pool) {}

    @OnShutdown('flush')
    async flush(): Promise<void> {
      await Promise.resolve();
    }
  }

  test('parallel handlers ignore the injection order', async () => {
    const recorder = await closed({ providers: [Pool, Users] });
    expect(sideBySide(recorder, 'Pool.flush', 'Users.flush')).toBe(true);
  });

  test('sequential handlers run one at a time, in discovery order', async () => {
    const { finish, recorder } = await bootApplication({
      providers: [Pool, Users],
      shutdown: { phases: [{ name: 'flush', mode: 'sequential', timeout: 1_000 }] },
    });
    await finish();
    expect(recorder).toCloseInOrder('Pool.flush', 'Users.flush');
  });

  test('sequential handlers of one class run by `order`, then in source order', async () => {
    class Broker {
      @OnShutdown('stop')
      first(): void {}

      @OnShutdown('stop')
      second(): void {}

      @OnShutdown({ phase: 'stop', order: -1 })
      early(): void {}

      @OnShutdown('stop')
      third(): void {}
    }

    const { finish, recorder } = await bootApplication({
      providers: [Broker],
      shutdown: { phases: [{ name: 'stop', mode: 'sequential', timeout: 1_000 }] },
    });
    await finish();
    expect(recorder).toCloseInOrder('Broker.early', 'Broker.first', 'Broker.second', 'Broker.third');
  });
});
