import { jest } from '@jest/globals';
import { Controller, Get, Injectable, Scope, SetMetadata, type INestApplication } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Subject, type Observable } from 'rxjs';
import type * as decorator from '../../lib/in-flight/in-flight.decorator.js';
import { InFlight, InFlightWork, OnShutdown, ShutdownInProgressError } from '../../lib/index.js';
import { bootApplication, bootMistakes, testingModule } from '../nest/application.js';

describe('@InFlight on a method', () => {
  test('counts each call until its promise settles', async () => {
    class Payments {
      readonly settle: (() => void)[] = [];

      @InFlight()
      async charge(amount: number): Promise<number> {
        await new Promise<void>((resolve) => {
          this.settle.push(resolve);
        });
        return amount;
      }
    }

    const { module } = await bootApplication({ providers: [Payments] });
    const [payments, work] = [module.get(Payments), module.get(InFlightWork)];
    const charges = [payments.charge(5), payments.charge(7)];
    expect(work.items.map(({ name }) => name)).toEqual(['Payments.charge', 'Payments.charge']);
    for (const settle of payments.settle) settle();
    expect(await Promise.all(charges)).toEqual([5, 7]);
    expect(work.count).toBe(0);
  });

  test('counts a synchronous call, and passes on its arguments, `this` and result', async () => {
    const counts: number[] = [];
    @Injectable()
    class Prices {
      readonly factor = 3;

      constructor(readonly work: InFlightWork) {}

      @InFlight('price')
      of(a: number, b: number): number {
        counts.push(this.work.count);
        return (a + b) * this.factor;
      }
    }

    const { module } = await bootApplication({ providers: [Prices] });
    expect(module.get(Prices).of(1, 2)).toBe(9);
    expect(counts).toEqual([1]);
    expect(module.get(InFlightWork).count).toBe(0);
  });

  test('ends when the method throws or rejects', async () => {
    class Payments {
      @InFlight()
      refuse(): void {
        throw new Error('no funds');
      }

      @InFlight()
      async reject(): Promise<void> {
        await Promise.reject(new Error('no funds'));
      }
    }

    const { module } = await bootApplication({ providers: [Payments] });
    const [payments, work] = [module.get(Payments), module.get(InFlightWork)];
    expect(() => payments.refuse()).toThrow('no funds');
    await expect(payments.reject()).rejects.toThrow('no funds');
    expect(work.count).toBe(0);
  });

  test('counts the subscriptions to the Observable that it returns', async () => {
    class Ticker {
      readonly ticks = new Subject<number>();

      @InFlight('ticks')
      watch(): Observable<number> {
        return this.ticks;
      }
    }

    const { module } = await bootApplication({ providers: [Ticker] });
    const [ticker, work] = [module.get(Ticker), module.get(InFlightWork)];
    const subscription = ticker.watch().subscribe();
    expect(work.items).toEqual([{ name: 'ticks', ageMs: 0 }]);
    subscription.unsubscribe();
    expect(work.count).toBe(0);
  });

  test('makes the drain wait, and refuses calls once it has ended', async () => {
    class Payments {
      @InFlight()
      charge(settled: Promise<void>): Promise<void> {
        return settled;
      }
    }

    const { module, shutdown, clock } = await bootApplication({ providers: [Payments] });
    const payments = module.get(Payments);
    let settle: () => void = () => undefined;
    void payments.charge(
      new Promise((resolve) => {
        settle = resolve;
      }),
    );
    const ended = shutdown.run('a test');
    await clock.advance(700);
    expect(shutdown.state.status).toBe('running');
    settle();
    expect((await ended).durationMs).toBe(700);
    expect(() => payments.charge(Promise.resolve())).toThrow(new ShutdownInProgressError('Payments.charge'));
  });

  test('is inherited, and counts when a subclass calls the base method', async () => {
    const counts: number[] = [];
    @Injectable()
    class Base {
      constructor(readonly work: InFlightWork) {}

      @InFlight()
      charge(): void {
        counts.push(this.work.count);
      }
    }
    @Injectable()
    class Inherits extends Base {}
    @Injectable()
    class Overrides extends Base {
      override charge(): void {
        super.charge();
      }
    }

    const { module } = await bootApplication({ providers: [Inherits, Overrides] });
    module.get(Inherits).charge();
    module.get(Overrides).charge();
    expect(counts).toEqual([1, 1]);
  });

  test('combines with @OnShutdown on one class and on one method', async () => {
    const calls: string[] = [];
    class Outbox {
      @InFlight()
      publish(): void {
        calls.push('publish');
      }

      @OnShutdown('unready')
      @InFlight()
      announce(): void {
        calls.push('announce');
      }
    }

    const { taskNames, finish, module } = await bootApplication({ providers: [Outbox] });
    expect(taskNames()).toEqual(['Outbox.announce']);
    module.get(Outbox).publish();
    await finish();
    expect(calls).toEqual(['publish', 'announce']);
  });

  test('counts in the app of its instance if two apps share the class', async () => {
    class Payments {
      @InFlight()
      charge(): Promise<never> {
        return new Promise(() => undefined);
      }
    }

    const first = await bootApplication({ providers: [Payments] });
    const second = await bootApplication({ providers: [Payments] });
    void first.module.get(Payments).charge();
    expect(first.module.get(InFlightWork).count).toBe(1);
    expect(second.module.get(InFlightWork).count).toBe(0);
  });

  test('counts nothing on an instance outside of any app', () => {
    class Payments {
      @InFlight()
      charge(): string {
        return 'charged';
      }
    }

    expect(new Payments().charge()).toBe('charged');
  });

  test('does not change the enumerable properties of the instance', async () => {
    class Payments {
      readonly currency = 'EUR';

      @InFlight()
      charge(): void {}
    }

    const { module } = await bootApplication({ providers: [Payments] });
    const payments = module.get(Payments);
    expect(Object.keys(payments)).toEqual(['currency']);
    expect({ ...payments }).toEqual({ currency: 'EUR' });
    expect(payments.charge.name).toBe('charge');
  });

  test('counts if the decorator comes from another copy of the package', async () => {
    const copied = '../../lib/in-flight/in-flight.decorator.js';
    jest.resetModules();
    const copy: typeof decorator = await import(copied);
    expect(copy.InFlight).not.toBe(InFlight);
    class Payments {
      @copy.InFlight()
      charge(): Promise<never> {
        return new Promise(() => undefined);
      }
    }

    const { module } = await bootApplication({ providers: [Payments] });
    void module.get(Payments).charge();
    expect(module.get(InFlightWork).count).toBe(1);
  });
});

describe('@InFlight in an invalid place', () => {
  test('rule 8: is refused on a request-scoped provider', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Basket {
      @InFlight()
      pay(): void {}
    }

    expect(await bootMistakes({ providers: [Basket] })).toEqual([
      {
        code: 'SHUTDOWN_REQUEST_SCOPED',
        path: 'Basket.pay',
        message:
          '@InFlight cannot count the calls of a request-scoped provider. Inject InFlightWork and call run() instead.',
      },
    ]);
  });

  test('rule 8: is refused on a frozen instance', async () => {
    class Payments {
      @InFlight()
      charge(): void {}
    }

    expect(
      await bootMistakes({ providers: [{ provide: Payments, useValue: Object.freeze(new Payments()) }] }),
    ).toEqual([
      {
        code: 'SHUTDOWN_INVALID_OPTION',
        path: 'Payments.charge',
        message:
          '@InFlight cannot count the calls of a frozen object. Inject InFlightWork and call run() instead.',
      },
    ]);
  });

  test('is refused on a static method at once', () => {
    expect(() => {
      class Payments {
        @InFlight()
        static charge(): void {}
      }
      return Payments;
    }).toThrow(
      new TypeError(
        '@InFlight on Payments.charge: expected an instance method, got a static one. Remove `static`.',
      ),
    );
  });

  test('is refused on an accessor at once', () => {
    expect(() => {
      class Payments {
        @InFlight()
        get charge(): number {
          return 1;
        }
      }
      return Payments;
    }).toThrow(
      new TypeError(
        '@InFlight on charge: expected a method, got a property or an accessor. Call InFlightWork.run() there instead.',
      ),
    );
  });
});

describe('@InFlight with other decorators', () => {
  test('keeps the metadata of decorators below it, and accepts those above it', async () => {
    class Payments {
      @SetMetadata('above', 1)
      @InFlight()
      @SetMetadata('below', 2)
      charge(): void {}
    }

    const { module } = await bootApplication({ providers: [Payments] });
    const reflector = new Reflector();
    const { charge } = module.get(Payments);
    expect(reflector.get<number>('above', charge)).toBe(1);
    expect(reflector.get<number>('below', charge)).toBe(2);
  });

  test('counts a request to a route, whichever decorator comes first', async () => {
    const seen: string[] = [];
    @Controller()
    class Orders {
      constructor(readonly work: InFlightWork) {}

      @Get('first')
      @InFlight('first')
      first(): { readonly inFlight: readonly string[] } {
        return { inFlight: this.work.items.map(({ name }) => name) };
      }

      @InFlight('second')
      @Get('second')
      async second(): Promise<{ readonly inFlight: readonly string[] }> {
        await Promise.resolve();
        return { inFlight: this.work.items.map(({ name }) => name) };
      }
    }

    const module = await testingModule({ controllers: [Orders] }).compile();
    const app: INestApplication = module.createNestApplication({ logger: false });
    try {
      await app.listen(0, '127.0.0.1');
      const url = await app.getUrl();
      for (const route of ['first', 'second']) {
        const response = await fetch(`${url}/${route}`);
        seen.push(await response.text());
      }
    } finally {
      await app.close();
    }
    expect(seen).toEqual(['{"inFlight":["first"]}', '{"inFlight":["second"]}']);
    expect(module.get(InFlightWork).count).toBe(0);
  });
});
