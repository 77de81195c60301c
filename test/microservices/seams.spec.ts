import { readFileSync } from 'node:fs';
import {
  ServerGrpc,
  ServerKafka,
  ServerMqtt,
  ServerNats,
  ServerRedis,
  ServerRMQ,
  ServerTCP,
} from '@nestjs/microservices';
import { missingMembers } from '../../lib/discovery/members.js';
import { transportOf } from '../../lib/microservices/transports.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

const PROTO = new URL('../services/programs/transports/work.proto', import.meta.url).pathname;

interface Transport {
  readonly file: string;
  readonly name: string;
  readonly make: () => object;
  /** What it does without where it is missing, so that the user is not told: Nest must have it all the same. */
  readonly optional?: readonly string[];
  /** What a server has only while it listens; the suite of the transport fails where it is missing. */
  readonly later?: readonly string[];
}

const TRANSPORTS: readonly Transport[] = [
  {
    file: 'grpc',
    name: 'gRPC',
    make: () => new ServerGrpc({ package: 'work', protoPath: PROTO }),
    later: ['grpcClient'],
  },
  { file: 'kafka', name: 'Kafka', make: () => new ServerKafka({}) },
  { file: 'mqtt', name: 'MQTT', make: () => new ServerMqtt({}) },
  { file: 'nats', name: 'NATS', make: () => new ServerNats({}), optional: ['options'] },
  {
    file: 'rabbitmq',
    name: 'RabbitMQ orders',
    make: () => new ServerRMQ({ queue: 'orders' }),
    optional: ['noAck'],
  },
  { file: 'redis', name: 'Redis', make: () => new ServerRedis({}) },
  { file: 'tcp', name: 'TCP', make: () => new ServerTCP({}), optional: ['isManuallyTerminated'] },
];

const ports = { clock: new ManualClock(), notify: () => undefined, endStreams: false };

/** The members of the server that a file asks for by name. */
function membersIn(file: string): readonly string[] {
  const source = readFileSync(new URL(`../../lib/microservices/${file}.ts`, import.meta.url), 'utf8');
  const asked = source.matchAll(
    /\b(?:memberOf|callMember|replaceMethod|wrapSlot|Reflect\.\w+)\(server, '(\w+)'/g,
  );
  return [...new Set(Array.from(asked, ([, member = '']) => member))];
}

// Where one of these fails, Nest has moved what the drain relies on.
describe.each(TRANSPORTS)('the server of $name', ({ file, name, make, optional = [], later = [] }) => {
  const { name: drained, seams } = transportOf(make(), ports);

  test('has what its drain relies on', () => {
    expect(drained).toBe(name);
    expect(missingMembers(make(), [...seams, ...optional, 'listen'])).toEqual([]);
  });

  test('is asked for nothing else', () => {
    const asked = membersIn(file);
    expect(asked.length + seams.length).toBeGreaterThan(0);
    expect(asked.filter((member) => ![...seams, ...optional, ...later].includes(member))).toEqual([]);
  });
});

describe('the hooks of every server', () => {
  test.each([
    ['setOnProcessingStartHook', 'onProcessingStartHook'],
    ['setOnProcessingEndHook', 'onProcessingEndHook'],
  ])('are kept by %s() in the slot that is wrapped', (setter, slot) => {
    const server = new ServerNats({});
    const hook = (): void => undefined;
    Reflect.apply(Reflect.get(server, setter), server, [hook]);
    expect(Reflect.get(server, slot)).toBe(hook);
  });

  test('are all that the messages in flight are followed by, beside what a drain names', () => {
    expect(membersIn('messages-in-flight').toSorted()).toEqual([
      'handleMessage',
      'onProcessingEndHook',
      'onProcessingStartHook',
      'send',
    ]);
  });
});

test('a subclass is drained as the transport that it is one of', () => {
  class Shop extends ServerNats {}
  expect(transportOf(new Shop({}), ports).name).toBe('NATS');
});
