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

/** A handler that takes several turns, so that anything that does not wait for it overtakes it. */
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

/** Whether both ran at the same time. */
function ranInParallel({ words }: EventRecorder, a: string, b: string): boolean {
  const [startA, startB] = [words.indexOf(`start ${a}`), words.indexOf(`start ${b}`)];
  const [endA, endB] = [words.indexOf(`completed ${a}`), words.indexOf(`completed ${b}`)];
  expect(Math.min(startA, startB, endA, endB)).toBeGreaterThan(-1);
  return startA < endB && startB < endA;
}

@Injectable()
class Database extends Closing {}

describe('rule 4: a provider closes after everything that injects it', () => {
  test('by constructor, in any order of the providers', async () => {
    @Injectable()
    class Repository extends Closing {
      constructor(readonly database: Database) {
        super();
      }
    }
    @Injectable()
    class Service extends Closing {
      constructor(readonly repository: Repository) {
        super();
      }
    }

    const inOrder = ['Service.close', 'Repository.close', 'Database.close'];
    expect(await closed({ providers: [Database, Repository, Service] })).toCloseInOrder(...inOrder);
    expect(await closed({ providers: [Service, Repository, Database] })).toCloseInOrder(...inOrder);
    expect(await closed({ providers: [Repository, Service, Database] })).toCloseInOrder(...inOrder);
  });

  test.each<[string, () => ModuleMetadata]>([
    [
      'by property',
      () => {
        @Injectable()
        class Repository extends Closing {
          @Inject(Database) readonly database!: Database;
        }
        return { providers: [Database, Repository] };
      },
    ],
    [
      'by the `inject` of a factory',
      () => {
        class Repository extends Closing {
          constructor(readonly database: Database) {
            super();
          }
        }
        return {
          providers: [
            { provide: 'DATABASE', useFactory: () => new Database() },
            {
              provide: 'REPOSITORY',
              useFactory: (database: Database) => new Repository(database),
              inject: ['DATABASE'],
            },
          ],
        };
      },
    ],
    [
      'by the optional `inject` of a factory',
      () => {
        class Repository extends Closing {}
        const inject = [
          { token: 'NOBODY', optional: true },
          { token: Database, optional: true },
        ];
        return {
          providers: [Database, { provide: 'REPOSITORY', useFactory: () => new Repository(), inject }],
        };
      },
    ],
    [
      'by constructor, after a missing optional dependency',
      () => {
        @Injectable()
        class Repository extends Closing {
          constructor(
            @Optional() @Inject('TRACER') readonly tracer: object | undefined,
            readonly database: Database,
          ) {
            super();
          }
        }
        return { providers: [Database, Repository] };
      },
    ],
    [
      'through an alias',
      () => {
        @Injectable()
        class Repository extends Closing {
          constructor(@Inject('SECOND') readonly database: object) {
            super();
          }
        }
        return {
          providers: [
            { provide: 'FIRST', useExisting: Database },
            { provide: 'SECOND', useExisting: 'FIRST' },
            Database,
            Repository,
          ],
        };
      },
    ],
    [
      'through a factory that returns the instance of another provider',
      () => {
        @Injectable()
        class Repository extends Closing {
          constructor(@Inject('DATABASE') readonly database: object) {
            super();
          }
        }
        const alias = {
          provide: 'DATABASE',
          useFactory: (database: Database) => database,
          inject: [Database],
        };
        return { providers: [alias, Database, Repository] };
      },
    ],
    [
      'across modules',
      () => {
        @Module({ providers: [Database], exports: [Database] })
        class DatabaseModule {}
        @Module({ imports: [DatabaseModule], exports: [DatabaseModule] })
        class StorageModule {}
        @Injectable()
        class Repository extends Closing {
          constructor(readonly database: Database) {
            super();
          }
        }
        @Module({ imports: [StorageModule], providers: [Repository] })
        class UsersModule {}
        return { imports: [UsersModule] };
      },
    ],
    [
      'from a global module',
      () => {
        @Global()
        @Module({ providers: [Database], exports: [Database] })
        class DatabaseModule {}
        @Injectable()
        class Repository extends Closing {
          constructor(readonly database: Database) {
            super();
          }
        }
        @Module({ providers: [Repository] })
        class UsersModule {}
        return { imports: [DatabaseModule, UsersModule] };
      },
    ],
    [
      'if it was provided as a value',
      () => {
        @Injectable()
        class Repository extends Closing {
          constructor(@Inject('DATABASE') readonly database: object) {
            super();
          }
        }
        return { providers: [{ provide: 'DATABASE', useValue: new Database() }, Repository] };
      },
    ],
    [
      'through providers without a handler',
      () => {
        @Injectable()
        class Client {
          constructor(readonly database: Database) {}
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
        return { providers: [Database, Client, Mapper, Repository] };
      },
    ],
  ])('%s', async (_, metadata) => {
    expect(await closed(metadata())).toCloseInOrder('Repository.close', 'Database.close');
  });

  test('by a controller, its guard and its interceptor', async () => {
    @Injectable()
    class RateLimit extends Closing implements CanActivate {
      constructor(readonly database: Database) {
        super();
      }

      canActivate(): boolean {
        return true;
      }
    }
    @Injectable()
    class Metrics extends Closing implements NestInterceptor {
      constructor(readonly database: Database) {
        super();
      }

      intercept: NestInterceptor['intercept'] = (_, next) => next.handle();
    }
    @Controller()
    @UseGuards(RateLimit)
    @UseInterceptors(Metrics)
    class Orders extends Closing {}

    const recorder = await closed({ providers: [Database], controllers: [Orders] });
    expect(recorder).toCloseInOrder('Orders.close', 'RateLimit.close', 'Database.close');
    expect(recorder).toCloseInOrder('Orders.close', 'Metrics.close', 'Database.close');
  });

  test('by its transient instances', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Cursor extends Closing {
      constructor(readonly database: Database) {
        super();
      }
    }
    @Injectable()
    class Users extends Closing {
      constructor(readonly cursor: Cursor) {
        super();
      }
    }

    const recorder = await closed({ providers: [Database, Cursor, Users] });
    expect(recorder).toCloseInOrder('Users.close', 'Cursor.close', 'Database.close');
  });

  test('after the last of several', async () => {
    @Injectable()
    class Users extends Closing {
      constructor(readonly database: Database) {
        super();
      }
    }
    @Injectable()
    class Orders extends Closing {
      constructor(readonly database: Database) {
        super();
      }
    }

    const recorder = await closed({ providers: [Database, Users, Orders] });
    expect(recorder).toCloseInOrder('Users.close', 'Database.close');
    expect(recorder).toCloseInOrder('Orders.close', 'Database.close');
    expect(ranInParallel(recorder, 'Users.close', 'Orders.close')).toBe(true);
  });

  test('also if they fail to close', async () => {
    @Injectable()
    class Users {
      constructor(readonly database: Database) {}

      @OnShutdown()
      close(): Promise<void> {
        return Promise.reject(new Error('no'));
      }
    }

    const { finish, recorder } = await bootApplication({ providers: [Database, Users] });
    const { outcome } = await finish();
    expect(outcome).toBe('failed');
    expect(recorder).toCloseInOrder('Users.close', 'Database.close');
  });
});

describe('rule 4: independent providers', () => {
  test('close in parallel', async () => {
    @Injectable()
    class Redis extends Closing {}
    @Injectable()
    class Postgres extends Closing {}

    const recorder = await closed({ providers: [Redis, Postgres] });
    expect(ranInParallel(recorder, 'Redis.close', 'Postgres.close')).toBe(true);
  });
});

describe('rule 4: providers that inject each other', () => {
  @Injectable()
  class Users extends Closing {
    constructor(
      @Inject(forwardRef(() => Orders)) readonly orders: object,
      readonly database: Database,
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

  test('close in parallel, after everything that injects one of them, before everything that one of them injects', async () => {
    const recorder = await closed({ providers: [Database, Users, Orders, Shop] });
    expect(ranInParallel(recorder, 'Users.close', 'Orders.close')).toBe(true);
    expect(recorder).toCloseInOrder('Shop.close', 'Users.close', 'Database.close');
    expect(recorder).toCloseInOrder('Shop.close', 'Orders.close', 'Database.close');
  });

  test('close in parallel across modules that import each other', async () => {
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
    expect(ranInParallel(recorder, 'Left.close', 'Right.close')).toBe(true);
  });
});

describe('rule 4: `after` of a handler', () => {
  test('orders providers that are resolved by moduleRef.get', async () => {
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

describe('rule 4: the handlers of a phase in another mode', () => {
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

  test('ignore injection in parallel mode', async () => {
    const recorder = await closed({ providers: [Pool, Users] });
    expect(ranInParallel(recorder, 'Pool.flush', 'Users.flush')).toBe(true);
  });

  test('run one at a time in the order of discovery in sequential mode', async () => {
    const { finish, recorder } = await bootApplication({
      providers: [Pool, Users],
      shutdown: { phases: [{ name: 'flush', mode: 'sequential', timeout: 1_000 }] },
    });
    await finish();
    expect(recorder).toCloseInOrder('Pool.flush', 'Users.flush');
  });

  test('run by `order`, then in the order of the source, if they belong to one class', async () => {
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
