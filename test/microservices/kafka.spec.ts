import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload, ServerKafka } from '@nestjs/microservices';
import { Subject, type Observable } from 'rxjs';
import { taskReport } from '../nest/application.js';
import { bootWith, drainsOf } from './pigeons.js';

// No broker is run here. What stands in for kafkajs does what its documentation says: `consumer.stop()` takes no
// further message and resolves when those that `eachMessage` has begun have ended; `disconnect()` stops first.

interface Message {
  readonly topic: string;
  readonly headers?: Record<string, Buffer>;
}

class Wire {
  readonly seen: string[] = [];
  readonly #running = new Set<Promise<void>>();
  #status: 'idle' | 'running' | 'stopped' = 'idle';
  #eachMessage: (payload: unknown) => Promise<void> = async () => undefined;
  /** Resolves the sending of the replies. */
  acknowledge: () => void = () => undefined;

  readonly consumer = {
    events: {},
    on: () => undefined,
    connect: async () => undefined,
    subscribe: async () => undefined,
    run: async ({ eachMessage }: { eachMessage: (payload: unknown) => Promise<void> }) => {
      this.#eachMessage = eachMessage;
      this.#status = 'running';
    },
    stop: async () => {
      this.seen.push('consumer.stop');
      this.#status = 'stopped';
      await Promise.all(this.#running);
    },
    disconnect: async () => {
      this.seen.push('consumer.disconnect');
    },
  };

  readonly producer = {
    events: {},
    on: () => undefined,
    connect: async () => undefined,
    send: ({ topic }: { topic: string }) => {
      this.seen.push(`send ${topic}`);
      return new Promise<void>((resolve) => {
        this.acknowledge = () => {
          this.acknowledge = () => undefined;
          this.seen.push(`sent ${topic}`);
          resolve();
        };
      });
    },
    disconnect: async () => {
      this.seen.push('producer.disconnect');
    },
  };

  readonly client = { consumer: () => this.consumer, producer: () => this.producer };

  /** Says whether the consumer took the message. */
  deliver({ topic, headers = {} }: Message): boolean {
    if (this.#status !== 'running') return false;
    const message = { key: null, value: Buffer.from('{}'), headers, offset: '0', timestamp: '0' };
    const handled: Promise<void> = this.#eachMessage({ topic, partition: 0, message })
      .catch(() => undefined)
      .finally(() => this.#running.delete(handled));
    this.#running.add(handled);
    return true;
  }
}

class TestedKafka extends ServerKafka {
  readonly wire = new Wire();

  /** A promise of it with one major of Nest, and the client itself with the other, which takes no promise. */
  override createClient(): never {
    return this.wire.client as never;
  }
}

let open: () => void = () => undefined;
const gate = (): Promise<string> =>
  new Promise((resolve) => {
    open = () => resolve('done');
  });

@Controller()
class Work {
  @EventPattern('event')
  event(@Payload() _data: unknown): Promise<string> {
    return gate();
  }

  @EventPattern('two')
  async fails(@Payload() _data: unknown): Promise<never> {
    throw new Error('This one fails at once.');
  }

  @EventPattern('two')
  works(@Payload() _data: unknown): Promise<string> {
    return gate();
  }

  @MessagePattern('ticks')
  ticks(@Payload() _data: unknown): Observable<number> {
    return ticks;
  }

  @MessagePattern('call')
  call(@Payload() _data: unknown): Promise<string> {
    return gate();
  }
}

const ticks = new Subject<number>();

const CALL = {
  topic: 'call',
  headers: {
    kafka_correlationId: Buffer.from('1'),
    kafka_replyTopic: Buffer.from('answers'),
  },
};

const NAME = 'MicroserviceDrain (Kafka)';

test('the Kafka consumer stops when the drain begins, and its current event finishes', async () => {
  const server = new TestedKafka({});
  const { app, clock, shutdown } = await bootWith([server], { controllers: [Work] });
  expect(drainsOf(shutdown)).toEqual([`drain: ${NAME}`]);
  expect(server.wire.deliver({ topic: 'event' })).toBe(true);
  await clock.advance(100);
  const run = shutdown.run('a test');
  await clock.advance(900);
  expect(server.wire.deliver({ topic: 'event' })).toBe(false);
  expect(shutdown.state.status).toBe('running');

  open();
  expect(taskReport(await clock.runUntil(run), NAME)).toMatchObject({
    outcome: 'completed',
    durationMs: 900,
  });
  await app.close();
  expect(server.wire.seen).toEqual(['consumer.stop', 'consumer.disconnect', 'producer.disconnect']);
});

test('a Kafka reply is sent and acknowledged before the producer disconnects', async () => {
  const server = new TestedKafka({});
  const { app, clock, shutdown } = await bootWith([server], { controllers: [Work] });
  server.wire.deliver(CALL);
  await clock.advance(100);
  const run = shutdown.run('a test');
  await clock.advance(100);
  open();
  await clock.advance(100);
  expect(server.wire.seen).toEqual(['consumer.stop', 'send answers']);
  expect(shutdown.state.status).toBe('running');
  // Nest 11 sends the end of an answer as a message of its own.
  while (shutdown.state.status === 'running') {
    server.wire.acknowledge();
    await clock.advance(1);
  }
  await run;
  await app.close();
  const { seen } = server.wire;
  expect(seen.at(-1)).toBe('producer.disconnect');
  expect(seen.filter((each) => each === 'sent answers')).toHaveLength(
    seen.filter((each) => each === 'send answers').length,
  );
});

test('a Kafka message that outlasts the phase is named by its topic', async () => {
  const server = new TestedKafka({});
  const { clock, shutdown } = await bootWith([server], {
    controllers: [Work],
    shutdown: { phases: [{ name: 'drain', timeout: 1_000 }] },
  });
  server.wire.deliver(CALL);
  await clock.advance(250);
  const report = await clock.runUntil(shutdown.run('a test'));
  expect(taskReport(report, NAME)).toMatchObject({
    outcome: 'timed-out',
    inFlight: [{ name: 'call', ageMs: 1_250 }],
  });
  open();
});

test('both handlers of a Kafka event are waited for if the first fails', async () => {
  const server = new TestedKafka({});
  const { clock, shutdown } = await bootWith([server], { controllers: [Work] });
  server.wire.deliver({ topic: 'two' });
  await clock.advance(100);
  const run = shutdown.run('a test');
  await clock.advance(900);
  expect(shutdown.state.status).toBe('running');
  open();
  expect(taskReport(await clock.runUntil(run), NAME)).toMatchObject({
    outcome: 'completed',
    durationMs: 900,
  });
});

test("an endless Kafka answer ends and its source is unsubscribed with streams: 'end'", async () => {
  const server = new TestedKafka({});
  const { clock, shutdown } = await bootWith([server], { controllers: [Work], drain: { streams: 'end' } });
  server.wire.deliver({ ...CALL, topic: 'ticks' });
  await clock.advance(100);
  ticks.next(1);
  await clock.advance(100);
  const run = shutdown.run('a test');
  while (shutdown.state.status === 'running') {
    server.wire.acknowledge();
    await clock.advance(1);
  }
  expect(taskReport(await run, NAME)).toMatchObject({ outcome: 'completed' });
  expect(ticks.observed).toBe(false);
});
