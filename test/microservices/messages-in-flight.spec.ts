import type { Server as NetServer } from 'node:net';
import {
  Controller,
  Inject,
  Module,
  Scope,
  UseInterceptors,
  type CallHandler,
  type INestMicroservice,
  type NestInterceptor,
} from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import {
  ClientTCP,
  EventPattern,
  MessagePattern,
  Server,
  ServerTCP,
  type CustomTransportStrategy,
} from '@nestjs/microservices';
import {
  concatMap,
  delay,
  EMPTY,
  from,
  isObservable,
  lastValueFrom,
  of,
  type Observable,
  Subject,
  tap,
  timeout,
  timer,
  toArray,
} from 'rxjs';
import { followHandlerMethods } from '../../lib/microservices/handler-methods.js';
import { MessagesInFlight } from '../../lib/microservices/messages-in-flight.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

/** What a handler waits for, by the number that it was sent. */
const gates = new Map<number, Subject<void>>();

function gate(n: number): Subject<void> {
  const found = gates.get(n) ?? new Subject<void>();
  gates.set(n, found);
  return found;
}

const open = (n: number): void => {
  gate(n).complete();
};
const opened = (n: number): Promise<void> => lastValueFrom(gate(n), { defaultValue: undefined });

class Late implements NestInterceptor {
  intercept(_: unknown, next: CallHandler): Observable<unknown> {
    return timer(1).pipe(concatMap(() => next.handle().pipe(delay(1))));
  }
}

/** Answers early, as the interceptor of Nest's documentation does. */
class Impatient implements NestInterceptor {
  intercept(_: unknown, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(timeout({ first: 5 }));
  }
}

class Passing implements NestInterceptor {
  intercept(_: unknown, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

class Skipping implements NestInterceptor {
  intercept(): Observable<unknown> {
    return EMPTY;
  }
}

@Controller()
class Work {
  @UseInterceptors(Impatient)
  @MessagePattern('impatient')
  async impatient({ n }: { n: number }): Promise<number> {
    await opened(n);
    return n;
  }

  @EventPattern('failing-and-working')
  fails(_data: unknown): void {
    throw new Error('This one fails at once.');
  }

  @EventPattern('failing-and-working')
  works({ n }: { n: number }): Promise<void> {
    return opened(n);
  }

  @EventPattern('working-and-failing')
  worksFirst({ n }: { n: number }): Promise<void> {
    return opened(n);
  }

  @EventPattern('working-and-failing')
  failsLast(_data: unknown): Promise<void> {
    return Promise.reject(new Error('This one fails at once.'));
  }

  @UseInterceptors(Passing)
  @EventPattern('intercepted-and-skipped')
  async passed({ n }: { n: number }): Promise<void> {
    await opened(n);
  }

  @UseInterceptors(Skipping)
  @EventPattern('intercepted-and-skipped')
  skipped(_data: unknown): void {}

  @EventPattern('empty-and-stream')
  empty(_data: unknown): Observable<never> {
    return EMPTY;
  }

  @EventPattern('empty-and-stream')
  async stream({ n }: { n: number }): Promise<Observable<unknown>> {
    await opened(n);
    return of(n);
  }

  @MessagePattern('answer')
  async answer({ n }: { n: number }): Promise<number> {
    await opened(n);
    return n;
  }

  @MessagePattern('five')
  five({ n }: { n: number }): Observable<number> {
    return from([1, 2, 3, 4, 5]).pipe(
      concatMap(async (value) => {
        if (value === 3) await opened(n);
        return value;
      }),
    );
  }

  @MessagePattern('fail')
  async fail({ n }: { n: number }): Promise<never> {
    await opened(n);
    throw new Error('no');
  }

  @UseInterceptors(Late)
  @MessagePattern('intercepted')
  async intercepted({ n }: { n: number }): Promise<number> {
    await opened(n);
    return n;
  }

  @EventPattern('event')
  async event({ n }: { n: number }): Promise<void> {
    await opened(n);
  }

  @UseInterceptors(Late)
  @EventPattern('intercepted-event')
  async interceptedEvent({ n }: { n: number }): Promise<void> {
    await opened(n);
  }

  @EventPattern('stream-event')
  streamEvent({ n }: { n: number }): Observable<unknown> {
    return gate(n);
  }
}

/** Made anew for each message. */
@Controller({ scope: Scope.REQUEST })
class WorkPerMessage {
  @EventPattern('failing-and-working-per-message')
  async fails(_data: unknown): Promise<never> {
    throw new Error('This one fails at once.');
  }

  @EventPattern('failing-and-working-per-message')
  async works({ n }: { n: number }): Promise<void> {
    await opened(n);
  }
}

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  gates.clear();
});

async function boot(options: ConstructorParameters<typeof ServerTCP>[0] = {}) {
  const server = new ServerTCP({ ...options, host: '127.0.0.1', port: 0 });
  const clock = new ManualClock(1_000);
  const messages = new MessagesInFlight(server, clock);
  class AppModule {}
  class Follower {
    constructor(modules: ModulesContainer) {
      followHandlerMethods(modules);
    }
  }
  Inject(ModulesContainer)(Follower, undefined, 0);
  Module({ controllers: [Work, WorkPerMessage], providers: [Follower] })(AppModule);
  const app: INestMicroservice = await NestFactory.createMicroservice(AppModule, {
    strategy: server,
    logger: false,
  });
  await app.listen();
  closing.push(() => app.close());
  const address = server.unwrap<NetServer>().address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const client = new ClientTCP({ host: '127.0.0.1', port });
  closing.push(() => client.close());
  await client.connect();
  return { server, clock, messages, client };
}

async function untilItemsAre(messages: MessagesInFlight, names: readonly string[]): Promise<void> {
  while (String(messages.items.map(({ name }) => name)) !== String(names)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Fails where nothing is in flight, or soon ends to be. */
async function expectBusy(messages: MessagesInFlight): Promise<void> {
  let isIdle = false;
  void messages.idle().then(() => {
    isIdle = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(isIdle).toBe(false);
}

/** A strategy that takes its handlers out of the map and calls them, as Nest's documentation shows. */
class Direct extends Server implements CustomTransportStrategy {
  listen(callback: () => void): void {
    callback();
  }

  close(): void {}

  on(): void {}

  unwrap<T>(): T {
    throw new Error('There is nothing below.');
  }

  async deliver(pattern: string, ...args: readonly unknown[]): Promise<unknown> {
    const handler = this.messageHandlers.get(pattern);
    const result: unknown = await (handler === undefined
      ? undefined
      : Reflect.apply(handler, undefined, args));
    return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result;
  }
}

describe('a strategy that calls its handlers itself', () => {
  test.each([
    ['a promise', (): unknown => opened(1)],
    ['a stream', (): unknown => gate(1)],
    ['a promise of a stream', async (): Promise<unknown> => gate(1)],
  ])('has its messages counted until %s has ended', async (_, handler) => {
    const server = new Direct();
    const messages = new MessagesInFlight(server, new ManualClock());
    server.addHandler('orders', handler as never, true);
    const delivered = server.deliver('orders', {}, {});
    await untilItemsAre(messages, ['orders']);
    await expectBusy(messages);
    open(1);
    await delivered;
    await messages.idle();
    expect(messages.items).toEqual([]);
  });

  test('can have handlers from the start', async () => {
    const server = new Direct();
    server.addHandler('orders', (() => opened(1)) as never, true);
    const messages = new MessagesInFlight(server, new ManualClock());
    void server.deliver('orders', {});
    await untilItemsAre(messages, ['orders']);
    open(1);
    await messages.idle();
    expect(messages.items).toEqual([]);
  });

  test("passes on the handler's errors, and the properties that Nest sets on it", async () => {
    const server = new Direct();
    const messages = new MessagesInFlight(server, new ManualClock());
    const handler = (): never => {
      throw new Error('no');
    };
    server.addHandler('orders', handler as never, false, { durable: true });
    const { isEventHandler, extras } = server.getHandlers().get('orders') ?? {};
    expect({ isEventHandler, extras }).toEqual({ isEventHandler: false, extras: { durable: true } });
    await expect(server.deliver('orders', {}, {})).rejects.toThrow('no');
    await messages.idle();
    expect(messages.items).toEqual([]);
  });
});

describe('the message in flight', () => {
  test.each(['answer', 'intercepted'])('is a call of `%s` until it is answered', async (pattern) => {
    const { client, clock, messages } = await boot();
    const told: string[] = [];
    const answered = lastValueFrom(client.send(pattern, { n: 1 })).then((n) => told.push(`answer ${n}`));
    await untilItemsAre(messages, [pattern]);
    await clock.advance(250);
    expect(messages.items).toEqual([{ name: pattern, ageMs: 250 }]);

    const idle = messages.idle().then(() => told.push('idle'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).toEqual([]);
    open(1);
    await Promise.all([answered, idle]);

    expect(messages.items).toEqual([]);
    expect(told.toSorted()).toEqual(['answer 1', 'idle']);
  });

  test('is a call with several answers until the last of them', async () => {
    const { client, messages } = await boot();
    const values: number[] = [];
    const answered = lastValueFrom(
      client.send<number>('five', { n: 1 }).pipe(
        tap((value) => values.push(value)),
        toArray(),
      ),
    );
    while (values.length < 2) await new Promise((resolve) => setImmediate(resolve));

    expect(messages.items).toMatchObject([{ name: 'five' }]);
    open(1);
    await messages.idle();
    expect(messages.items).toEqual([]);
    await expect(answered).resolves.toEqual([1, 2, 3, 4, 5]);
  });

  test('ends when its handler throws', async () => {
    const { client, messages } = await boot();
    const answered = lastValueFrom(client.send('fail', { n: 1 }));
    const settled = Promise.allSettled([answered]);
    await untilItemsAre(messages, ['fail']);
    open(1);
    expect(await settled).toMatchObject([{ reason: { message: 'Internal server error' } }]);
    await messages.idle();

    expect(messages.items).toEqual([]);
  });

  test.each(['event', 'intercepted-event', 'stream-event'])(
    'is an `%s` until its handler has ended',
    async (pattern) => {
      const { client, messages } = await boot();
      client.emit(pattern, { n: 1 });
      await untilItemsAre(messages, [pattern]);
      let isIdle = false;
      const idle = messages.idle().then(() => {
        isIdle = true;
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(isIdle).toBe(false);

      open(1);
      await idle;
      expect(messages.items).toEqual([]);
    },
  );

  test.each([
    'failing-and-working',
    'working-and-failing',
    'intercepted-and-skipped',
    'empty-and-stream',
    'failing-and-working-per-message',
  ])('is an event with two handlers until both have ended (%s)', async (pattern) => {
    const { client, messages } = await boot();
    client.emit(pattern, { n: 1 });
    await untilItemsAre(messages, [pattern]);
    await expectBusy(messages);

    open(1);
    await messages.idle();
    expect(messages.items).toEqual([]);
  });

  test('is a call whose method still runs after an interceptor has answered', async () => {
    const { client, messages } = await boot();
    await expect(lastValueFrom(client.send('impatient', { n: 1 }))).rejects.toBeDefined();
    expect(messages.items).toMatchObject([{ name: 'impatient' }]);
    await expectBusy(messages);

    open(1);
    await messages.idle();
    expect(messages.items).toEqual([]);
  });

  test('ends at once without a handler', async () => {
    const { client, messages } = await boot();
    await expect(lastValueFrom(client.send('unknown', { n: 1 }))).rejects.toBeDefined();
    await messages.idle();

    expect(messages.items).toEqual([]);
  });

  test('is waited for while a deserializer reads it', async () => {
    let readOn: () => void = () => undefined;
    const reading = new Promise<void>((resolve) => {
      readOn = resolve;
    });
    const begun = new Subject<void>();
    const isRead = lastValueFrom(begun, { defaultValue: undefined });
    const { client, messages } = await boot({
      deserializer: {
        deserialize: async (packet: unknown) => {
          begun.complete();
          await reading;
          return packet;
        },
      },
    });
    client.emit('event', { n: 1 });
    await isRead;
    let isIdle = false;
    const idle = messages.idle().then(() => {
      isIdle = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isIdle).toBe(false);

    readOn();
    open(1);
    await idle;
  });
});

describe('the processing hooks of other libraries', () => {
  test('are called even if they are set later', async () => {
    const { client, server, messages } = await boot();
    const seen: string[] = [];
    server.setOnProcessingStartHook((_, __, done) => {
      seen.push('start');
      void done();
    });
    server.setOnProcessingEndHook(() => seen.push('end'));
    open(1);
    const answered = lastValueFrom(client.send('answer', { n: 1 }));
    await expect(answered).resolves.toBe(1);
    await messages.idle();

    expect(seen).toEqual(['start', 'end']);
    expect(messages.items).toEqual([]);
  });
});
