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

  test('is the one that it was given', async () => {
    class Named {
      @OnShutdown({ name: 'the pool' })
      end(): void {}
    }

    const { taskNames } = await bootApplication({ providers: [Named] });
    expect(taskNames()).toEqual(['the pool']);
  });

  test('is followed by the phase where the method stands in several', async () => {
    class Consumer {
      @OnShutdown('drain')
      @OnShutdown()
      stop(): void {}
    }

    const { taskNames } = await bootApplication({ providers: [Consumer] });
    expect(taskNames()).toEqual(['Consumer.stop (drain)', 'Consumer.stop (close)']);
  });

  test('is followed by the token where a module has the class under two', async () => {
    const REPLICA = Symbol('REPLICA');
    const { taskNames } = await bootApplication({
      providers: [Pool, { provide: 'PRIMARY', useClass: Pool }, { provide: REPLICA, useClass: Pool }],
    });
    expect(taskNames().toSorted()).toEqual(['Pool.end (PRIMARY)', 'Pool.end (Pool)', 'Pool.end (REPLICA)']);
  });

  test('is followed by the module where two modules have the class', async () => {
    @Module({ providers: [Pool] })
    class UsersModule {}
    @Module({ providers: [Pool] })
    class OrdersModule {}

    const { taskNames } = await bootApplication({ imports: [UsersModule, OrdersModule] });
    expect(taskNames().toSorted()).toEqual(['Pool.end (OrdersModule)', 'Pool.end (UsersModule)']);
  });

  test('is followed by phase and module where the namesakes differ in both', async () => {
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

  test('is followed by a number where nothing else tells the instances apart', async () => {
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

  test('tells a guard that is a provider as well from the one that Nest makes for the controller', async () => {
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

  test('of one that was given a name stays as it is beside namesakes', async () => {
    class Consumer {
      @OnShutdown({ phase: 'drain', name: 'Consumer leaves' })
      @OnShutdown()
      stop(): void {}
    }

    const { taskNames } = await bootApplication({ providers: [Consumer] });
    expect(taskNames()).toEqual(['Consumer leaves', 'Consumer.stop']);
  });

  test('is a mistake where a method stands in the same phase twice', async () => {
    class Consumer {
      @OnShutdown()
      @OnShutdown('close')
      stop(): void {}
    }

    expect(await bootMistakes({ providers: [Consumer] })).toMatchObject([
      { code: 'SHUTDOWN_DUPLICATE_TASK', path: 'Consumer.stop' },
    ]);
  });

  test('is a mistake where two providers give the same', async () => {
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

  test('is a mistake where a handler is given one that a task of the module has', async () => {
    class Drain {
      @OnShutdown({ phase: 'drain', name: 'InFlightWork' })
      stop(): void {}
    }

    expect(await bootMistakes({ providers: [Drain] })).toMatchObject([
      { code: 'SHUTDOWN_DUPLICATE_TASK', path: 'InFlightWork' },
    ]);
  });

  test('of two classes that are named alike is told apart by module', async () => {
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
