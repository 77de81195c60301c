import { Inject, Injectable, type Provider } from '@nestjs/common';
import { OnShutdown } from '../../lib/index.js';
import { bootApplication, taskReport } from './application.js';

@Injectable()
class Pool {
  @OnShutdown()
  end(): void {}
}

const seen: string[] = [];

const bare: unknown = Object.assign(Object.create(null), { onModuleDestroy: () => seen.push('bare') });
const frozen = Object.freeze({ onModuleDestroy: () => seen.push('frozen') });
const withoutConstructor: unknown = Object.create(Object.create(null));
/** Throws on access to its prototype and its property descriptors. */
const hostile = new Proxy(
  {},
  {
    getPrototypeOf: () => {
      throw new Error('no prototype');
    },
    getOwnPropertyDescriptor: () => {
      throw new Error('no descriptor');
    },
  },
);
const asked: string[] = [];
class Getters {
  get connection(): never {
    asked.push('connection');
    throw new Error('not connected');
  }
}

describe.each<readonly [string, unknown]>([
  ['has no prototype', bare],
  ['is frozen', frozen],
  ['has a prototype without a constructor', withoutConstructor],
  ['is a function', () => undefined],
  ['is a class', class {}],
  ['has getters that throw', new Getters()],
  ['is null', null],
  ['is a string', 'text'],
])('a value that %s', (_, value) => {
  test.each<readonly [string, Provider]>([
    ['given', { provide: 'ODD', useValue: value }],
    ['made by a factory', { provide: 'ODD', useFactory: () => value, inject: [Pool] }],
  ])('does not disturb start and stop if it is %s', async (__, provider) => {
    @Injectable()
    class User {
      constructor(@Inject('ODD') readonly odd: unknown) {}

      @OnShutdown()
      close(): void {}
    }
    const { finish } = await bootApplication({ providers: [Pool, User, provider] });
    const report = await finish();

    expect(taskReport(report, 'Pool.end')?.outcome).toBe('completed');
    expect(taskReport(report, 'User.close')?.outcome).toBe('completed');
    expect(asked).toEqual([]);
  });
});

test('names a value without a prototype by its token if its hook runs too late', async () => {
  const { log } = await bootApplication({
    providers: [Pool, { provide: 'BARE', useFactory: () => bare, inject: [Pool] }],
  });

  expect(log.warnings).toEqual([expect.stringContaining('BARE.onModuleDestroy runs after the phases')]);
});

test('starts with a proxy from a factory that throws on every access', async () => {
  const { finish } = await bootApplication({
    providers: [Pool, { provide: 'ODD', useFactory: () => hostile, inject: [Pool] }],
  });

  expect(taskReport(await finish(), 'Pool.end')?.outcome).toBe('completed');
});
