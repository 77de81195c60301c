import type { Server as NetServer } from 'node:net';
import {
  Controller,
  Module,
  UseInterceptors,
  type CallHandler,
  type INestMicroservice,
  type NestInterceptor,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientTCP, EventPattern, MessagePattern, ServerTCP } from '@nestjs/microservices';
import { concatMap, delay, from, lastValueFrom, type Observable, Subject, tap, timer, toArray } from 'rxjs';
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

@Controller()
class Work {
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
  Module({ controllers: [Work] })(AppModule);
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

describe('what is in flight', () => {
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

  test('is a call that answers with several values until the last of them', async () => {
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

  test('ends with a handler that throws', async () => {
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

  test('is nothing after a message without a handler', async () => {
    const { client, messages } = await boot();
    await expect(lastValueFrom(client.send('unknown', { n: 1 }))).rejects.toBeDefined();
    await messages.idle();

    expect(messages.items).toEqual([]);
  });

  test('is waited for while a deserializer still reads it', async () => {
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

describe('the hooks of others', () => {
  test('are called, also where they are set later', async () => {
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
