import { Controller, Injectable, UseGuards, type CanActivate } from '@nestjs/common';
import { OnShutdown, type ShutdownContext } from '../../lib/index.js';
import { bootApplication, bootMistakes } from '../nest/application.js';

/** Where each planned handler stands, as `phase: name`. */
async function planned(...providers: (new () => object)[]): Promise<readonly string[]> {
  const { shutdown } = await bootApplication({ providers });
  return shutdown
    .plan()
    .phases.flatMap(({ name, tasks }) =>
      tasks.filter((task) => task.owner !== undefined).map((task) => `${name}: ${task.name}`),
    );
}

describe('@OnShutdown on a method', () => {
  test('without arguments uses the phase close', async () => {
    class Pool {
      @OnShutdown()
      end(): void {}
    }

    expect(await planned(Pool)).toEqual(['close: Pool.end']);
  });

  test('with a phase uses it', async () => {
    class Outbox {
      @OnShutdown('flush')
      publishRest(): void {}
    }

    expect(await planned(Outbox)).toEqual(['flush: Outbox.publishRest']);
  });

  test('with a phase and a mode uses both', async () => {
    class Outbox {
      @OnShutdown('flush', 'sequential')
      publishRest(): void {}
    }

    const { shutdown } = await bootApplication({ providers: [Outbox] });
    const flush = shutdown.plan().phases.find(({ name }) => name === 'flush');
    expect(flush?.mode).toBe('parallel');
    expect(flush?.tasks).toMatchObject([{ name: 'Outbox.publishRest', mode: 'sequential' }]);
  });

  test('with options uses them all', async () => {
    class Outbox {
      @OnShutdown({ phase: 'flush', name: 'fill' })
      fill(): void {}

      @OnShutdown({
        phase: 'flush',
        mode: 'sequential',
        order: 7,
        after: ['fill'],
        name: 'outbox',
        timeout: 200,
      })
      publishRest(): void {}
    }

    const { shutdown } = await bootApplication({ providers: [Outbox] });
    const tasks = shutdown.plan().phases.flatMap((phase) => phase.tasks);
    expect(tasks.find(({ name }) => name === 'outbox')).toMatchObject({
      phase: 'flush',
      mode: 'sequential',
      order: 7,
      after: ['fill'],
      timeout: 200,
    });
  });

  test('with an empty object uses the phase close', async () => {
    class Pool {
      @OnShutdown({})
      end(): void {}
    }

    expect(await planned(Pool)).toEqual(['close: Pool.end']);
  });

  test('stacked runs the method once in each of the phases', async () => {
    const calls: string[] = [];
    class Consumer {
      @OnShutdown('drain')
      @OnShutdown('flush')
      @OnShutdown()
      stop({ phase }: ShutdownContext): void {
        calls.push(phase);
      }
    }

    const { finish, taskNames } = await bootApplication({ providers: [Consumer] });
    expect(taskNames()).toEqual(['Consumer.stop (drain)', 'Consumer.stop (flush)', 'Consumer.stop (close)']);
    await finish();
    expect(calls).toEqual(['drain', 'flush', 'close']);
  });

  test('on several methods of a class keeps the source order', async () => {
    class Broker {
      @OnShutdown()
      closeChannel(): void {}

      @OnShutdown('drain')
      cancel(): void {}

      @OnShutdown()
      closeConnection(): void {}
    }

    expect(await planned(Broker)).toEqual([
      'drain: Broker.cancel',
      'close: Broker.closeChannel',
      'close: Broker.closeConnection',
    ]);
  });

  test('calls the method on its instance with the context, and waits for it', async () => {
    const contexts: ShutdownContext[] = [];
    @Injectable()
    class Pool {
      readonly clients = ['a', 'b'];

      @OnShutdown({ timeout: 400 })
      async end(context: ShutdownContext): Promise<void> {
        contexts.push(context);
        await Promise.resolve();
        this.clients.length = 0;
      }
    }

    const { module, finish, clock } = await bootApplication({ providers: [Pool] });
    const startedAt = clock.now();
    await finish();
    expect(module.get(Pool).clients).toEqual([]);
    expect(contexts).toHaveLength(1);
    expect(contexts[0]).toMatchObject({
      reason: { kind: 'request', message: 'a test' },
      phase: 'close',
      deadline: startedAt + 400,
    });
    expect(contexts[0]?.signal.aborted).toBe(false);
  });

  test('works on a method named by a symbol', async () => {
    const end = Symbol('end');
    class Pool {
      @OnShutdown()
      [end](): void {}
    }

    expect(await planned(Pool)).toEqual(['close: Pool.Symbol(end)']);
  });

  test('works on a private method', async () => {
    const calls: string[] = [];
    class Pool {
      @OnShutdown()
      protected end(): void {
        calls.push('end');
      }
    }

    const { finish } = await bootApplication({ providers: [Pool] });
    await finish();
    expect(calls).toEqual(['end']);
  });
});

describe('@OnShutdown in a class hierarchy', () => {
  abstract class Connection {
    readonly calls: string[] = [];

    @OnShutdown()
    close(): void {
      this.calls.push('base');
    }
  }

  test("is inherited, and named after the instance's class", async () => {
    class Redis extends Connection {}

    const { module, finish, taskNames } = await bootApplication({ providers: [Redis] });
    expect(taskNames()).toEqual(['Redis.close']);
    await finish();
    expect(module.get(Redis).calls).toEqual(['base']);
  });

  test('calls the override of a subclass that does not decorate it', async () => {
    class Redis extends Connection {
      override close(): void {
        this.calls.push('override');
      }
    }

    const { module, finish, taskNames } = await bootApplication({ providers: [Redis] });
    expect(taskNames()).toEqual(['Redis.close']);
    await finish();
    expect(module.get(Redis).calls).toEqual(['override']);
  });

  test('is replaced if a subclass decorates the method again', async () => {
    class Redis extends Connection {
      @OnShutdown('flush')
      override close(): void {
        super.close();
      }
    }

    const { module, finish, shutdown } = await bootApplication({ providers: [Redis] });
    const { phases } = shutdown.plan();
    expect(phases.find(({ name }) => name === 'flush')?.tasks).toMatchObject([{ name: 'Redis.close' }]);
    expect(phases.find(({ name }) => name === 'close')?.tasks).toEqual([]);
    await finish();
    expect(module.get(Redis).calls).toEqual(['base']);
  });

  test('is replaced as a whole if the base class stacks decorators', async () => {
    class Base {
      @OnShutdown('drain')
      @OnShutdown()
      stop(): void {}
    }
    class Sub extends Base {
      @OnShutdown('flush')
      override stop(): void {}
    }

    expect(await planned(Sub)).toEqual(['flush: Sub.stop']);
  });

  test("adds the subclass's handlers to the inherited ones, and leaves the base classes alone", async () => {
    class Base {
      @OnShutdown()
      closeBase(): void {}
    }
    class Middle extends Base {
      @OnShutdown()
      closeMiddle(): void {}
    }
    class Sub extends Middle {
      @OnShutdown()
      closeSub(): void {}
    }

    expect(await planned(Sub)).toEqual([
      'close: Sub.closeBase',
      'close: Sub.closeMiddle',
      'close: Sub.closeSub',
    ]);
    expect(await planned(Base)).toEqual(['close: Base.closeBase']);
  });

  test('does not leak from one subclass to another', async () => {
    class First extends Connection {
      @OnShutdown('drain')
      stop(): void {}
    }
    class Second extends Connection {}

    expect(await planned(First, Second)).toEqual([
      'drain: First.stop',
      'close: First.close',
      'close: Second.close',
    ]);
  });
});

describe('@OnShutdown outside of providers', () => {
  test('is found on a controller and on its guard', async () => {
    const calls: string[] = [];
    @Injectable()
    class RateLimit implements CanActivate {
      canActivate(): boolean {
        return true;
      }

      @OnShutdown('flush')
      saveCounters(): void {
        calls.push('guard');
      }
    }
    @Controller()
    @UseGuards(RateLimit)
    class Orders {
      @OnShutdown('drain')
      finishUploads(): void {
        calls.push('controller');
      }
    }

    const { finish } = await bootApplication({ controllers: [Orders] });
    await finish();
    expect(calls).toEqual(['controller', 'guard']);
  });
});

describe('@OnShutdown on something other than a method', () => {
  test('calls the function that a property holds', async () => {
    const calls: unknown[] = [];
    class Pool {
      @OnShutdown()
      readonly end = (): void => void calls.push(this);
    }

    const { module, finish } = await bootApplication({ providers: [Pool] });
    await finish();
    expect(calls).toEqual([module.get(Pool)]);
  });

  test('calls the function that the property holds when the shutdown runs', async () => {
    const calls: string[] = [];
    class Pool {
      @OnShutdown()
      end = (): void => void calls.push('as it was made');
    }

    const { module, finish } = await bootApplication({ providers: [Pool] });
    module.get(Pool).end = (): void => void calls.push('as it was replaced');
    await finish();
    expect(calls).toEqual(['as it was replaced']);
  });

  test('is rejected on a property that is not a function', async () => {
    class Pool {
      @OnShutdown()
      readonly size = 10;
    }

    expect(await bootMistakes({ providers: [Pool] })).toEqual([
      {
        code: 'SHUTDOWN_NOT_A_FUNCTION',
        path: 'Pool.size',
        message: '@OnShutdown is on a property that is not a function. Put it on a method.',
      },
    ]);
  });

  test('is rejected on a static method when the class is defined', () => {
    expect(() => {
      class Pool {
        @OnShutdown()
        static end(): void {}
      }
      return Pool;
    }).toThrow(
      new TypeError(
        '@OnShutdown on Pool.end: expected an instance method, got a static one. Remove `static`.',
      ),
    );
  });
});
