import { Injectable, Module, Scope, Controller, UseGuards, type CanActivate } from '@nestjs/common';
import { OnShutdown } from '../../lib/index.js';
import { bootApplication, bootMistakes } from '../nest/application.js';

class Pool {
  @OnShutdown()
  end(): void {}
}

describe('the name of a handler', () => {
  test('is Class.method', async () => {
    const { taskNames } = await bootApplication({ providers: [Pool] });
    expect(taskNames()).toEqual(['Pool.end']);
  });

  test('is the given name', async () => {
    class Named {
      @OnShutdown({ name: 'the pool' })
      end(): void {}
    }

    const { taskNames } = await bootApplication({ providers: [Named] });
    expect(taskNames()).toEqual(['the pool']);
  });

  test('gets the phase as a suffix if the method is in several phases', async () => {
    class Consumer {
      @OnShutdown('drain')
      @OnShutdown()
      stop(): void {}
    }

    const { taskNames } = await bootApplication({ providers: [Consumer] });
    expect(taskNames()).toEqual(['Consumer.stop (drain)', 'Consumer.stop (close)']);
  });

  test('gets the token as a suffix if a module provides the class under two', async () => {
    const REPLICA = Symbol('REPLICA');
    const { taskNames } = await bootApplication({
      providers: [Pool, { provide: 'PRIMARY', useClass: Pool }, { provide: REPLICA, useClass: Pool }],
    });
    expect(taskNames().toSorted()).toEqual(['Pool.end (PRIMARY)', 'Pool.end (Pool)', 'Pool.end (REPLICA)']);
  });

  test('gets the module as a suffix if two modules provide the class', async () => {
    @Module({ providers: [Pool] })
    class UsersModule {}
    @Module({ providers: [Pool] })
    class OrdersModule {}

    const { taskNames } = await bootApplication({ imports: [UsersModule, OrdersModule] });
    expect(taskNames().toSorted()).toEqual(['Pool.end (OrdersModule)', 'Pool.end (UsersModule)']);
  });

  test('gets phase and module as a suffix if the namesakes differ in both', async () => {
    class Consumer {
      @OnShutdown('drain')
      @OnShutdown()
      stop(): void {}
    }
    @Module({ providers: [Consumer] })
    class UsersModule {}
    @Module({ providers: [Consumer] })
    class OrdersModule {}

    const { taskNames } = await bootApplication({ imports: [UsersModule, OrdersModule] });
    expect(taskNames().toSorted()).toEqual([
      'Consumer.stop (close, OrdersModule)',
      'Consumer.stop (close, UsersModule)',
      'Consumer.stop (drain, OrdersModule)',
      'Consumer.stop (drain, UsersModule)',
    ]);
  });

  test('gets a number as a suffix if nothing else distinguishes the instances', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Cursor {
      @OnShutdown()
      close(): void {}
    }
    @Injectable()
    class Users {
      constructor(readonly cursor: Cursor) {}
    }
    @Injectable()
    class Orders {
      constructor(readonly cursor: Cursor) {}
    }

    const { taskNames } = await bootApplication({ providers: [Cursor, Users, Orders] });
    expect(taskNames().toSorted()).toEqual(['Cursor.close (close, #1)', 'Cursor.close (close, #2)']);
  });

  test('distinguishes a guard provider from the guard that Nest creates for the controller', async () => {
    @Injectable()
    class RateLimit implements CanActivate {
      canActivate(): boolean {
        return true;
      }

      @OnShutdown()
      save(): void {}
    }
    @Controller()
    @UseGuards(RateLimit)
    class Orders {}

    const { taskNames } = await bootApplication({ providers: [RateLimit], controllers: [Orders] });
    expect(new Set(taskNames()).size).toBe(2);
    for (const name of taskNames()) expect(name).toMatch(/^RateLimit\.save \(.+\)$/);
  });

  test('stays as given among namesakes', async () => {
    class Consumer {
      @OnShutdown({ phase: 'drain', name: 'Consumer leaves' })
      @OnShutdown()
      stop(): void {}
    }

    const { taskNames } = await bootApplication({ providers: [Consumer] });
    expect(taskNames()).toEqual(['Consumer leaves', 'Consumer.stop']);
  });

  test('is rejected if a method is in the same phase twice', async () => {
    class Consumer {
      @OnShutdown()
      @OnShutdown('close')
      stop(): void {}
    }

    expect(await bootMistakes({ providers: [Consumer] })).toMatchObject([
      { code: 'SHUTDOWN_DUPLICATE_TASK', path: 'Consumer.stop' },
    ]);
  });

  test('is rejected if two providers use the same name', async () => {
    class Users {
      @OnShutdown({ name: 'pool' })
      end(): void {}
    }
    class Orders {
      @OnShutdown({ name: 'pool' })
      end(): void {}
    }

    expect(await bootMistakes({ providers: [Users, Orders] })).toMatchObject([
      {
        code: 'SHUTDOWN_DUPLICATE_TASK',
        path: 'pool',
        message: expect.stringContaining('Give one of the tasks a `name` of its own'),
      },
    ]);
  });

  test('is rejected if a task of the module has the same name', async () => {
    class Drain {
      @OnShutdown({ phase: 'drain', name: 'InFlightWork' })
      stop(): void {}
    }

    expect(await bootMistakes({ providers: [Drain] })).toMatchObject([
      { code: 'SHUTDOWN_DUPLICATE_TASK', path: 'InFlightWork' },
    ]);
  });

  test('gets the module as a suffix for two classes of the same name', async () => {
    const users = class Repository {
      readonly of = 'users';
    };
    const orders = class Repository {
      readonly of = 'orders';
    };
    for (const type of [users, orders]) {
      Object.defineProperty(type.prototype, 'close', { value: () => undefined });
      OnShutdown()(type.prototype, 'close', { value: () => undefined });
    }
    @Module({ providers: [users] })
    class UsersModule {}
    @Module({ providers: [orders] })
    class OrdersModule {}

    const { taskNames } = await bootApplication({ imports: [UsersModule, OrdersModule] });
    expect(taskNames().toSorted()).toEqual([
      'Repository.close (OrdersModule)',
      'Repository.close (UsersModule)',
    ]);
  });
});
