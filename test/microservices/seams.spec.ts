import { readFileSync } from 'node:fs';
import {
  ClientGrpcProxy,
  ClientKafka,
  ClientMqtt,
  ClientNats,
  ClientRedis,
  ClientRMQ,
  ClientTCP,
  EventPattern,
  GrpcMethod,
  MessagePattern,
  ServerGrpc,
  ServerKafka,
  ServerMqtt,
  ServerNats,
  ServerRedis,
  ServerRMQ,
  ServerTCP,
} from '@nestjs/microservices';
import { missingMembers } from '../../lib/nest/members.js';
import { PATTERN_MARK } from '../../lib/microservices/handler-methods.js';
import { clientsIn } from '../../lib/microservices/own-clients.js';
import { transportOf } from '../../lib/microservices/transports.js';
import { testedPorts } from './ports.js';

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

const ports = testedPorts();

/** The members of the server that a file asks for by name. */
function membersIn(file: string): readonly string[] {
  const source = readFileSync(new URL(`../../lib/microservices/${file}.ts`, import.meta.url), 'utf8');
  const asked = source.matchAll(
    /\b(?:memberOf|callMember|replaceMethod|wrapSlot|Reflect\.\w+)\(server, '(\w+)'/g,
  );
  return [...new Set(Array.from(asked, ([, member = '']) => member))];
}

// Where one of these fails, Nest has moved what the drain relies on.
describe.each(TRANSPORTS)("Nest's server of $name", ({ file, name, make, optional = [], later = [] }) => {
  const { name: drained, seams } = transportOf(make(), ports);

  test('has the members that its drain needs', () => {
    expect(drained).toBe(name);
    expect(missingMembers(make(), [...seams, ...optional, 'listen'])).toEqual([]);
  });

  test('is not used through any other member', () => {
    const asked = membersIn(file);
    expect(asked.length + seams.length).toBeGreaterThan(0);
    expect(asked.filter((member) => ![...seams, ...optional, ...later].includes(member))).toEqual([]);
  });
});

describe('the members of every server', () => {
  test('keep the hook of setOnProcessingStartHook() in the wrapped slot', () => {
    const server = new ServerNats({});
    const hook = (): void => undefined;
    server.setOnProcessingStartHook(hook);
    expect(Reflect.get(server, 'onProcessingStartHook')).toBe(hook);
  });

  test('are all that MessagesInFlight uses, besides those that a drain names', () => {
    expect(membersIn('messages-in-flight').toSorted()).toEqual([
      'addHandler',
      'handleEvent',
      'handleMessage',
      'messageHandlers',
      'onProcessingStartHook',
      'send',
    ]);
  });
});

describe('a method that handles messages', () => {
  test.each([
    ['@MessagePattern()', MessagePattern('call')],
    ['@EventPattern()', EventPattern('event')],
    ['@GrpcMethod()', GrpcMethod('Work', 'Do')],
  ])('has the expected metadata from %s', (_, decorate) => {
    class Work {
      do(): void {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Work.prototype, 'do') ?? {};
    Reflect.apply(decorate as never, undefined, [Work.prototype, 'do', descriptor]);
    expect(Reflect.hasMetadata(PATTERN_MARK, Work.prototype.do)).toBe(true);
  });
});

describe('a client of Nest', () => {
  test.each([
    ['kafka', new ServerKafka({}), new ClientKafka({})],
    ['mqtt', new ServerMqtt({}), new ClientMqtt({})],
    ['nats', new ServerNats({}), new ClientNats({})],
    ['rabbitmq', new ServerRMQ({ queue: 'orders' }), new ClientRMQ({ queue: 'orders' })],
    ['redis', new ServerRedis({}), new ClientRedis({})],
    ['tcp', new ServerTCP({ port: 3_999 }), new ClientTCP({ port: 3_999 })],
    [
      'grpc',
      new ServerGrpc({ package: 'work', protoPath: PROTO }),
      new ClientGrpcProxy({ package: 'work', protoPath: PROTO, url: 'localhost:1' }),
    ],
  ])('may call the server of its transport (%s) and no other', (_, server, client) => {
    const module = {
      providers: new Map([[0, { instance: client }]]),
      controllers: new Map(),
      injectables: new Map(),
    };
    const clients = clientsIn(new Map([[0, module]]) as never);
    const servers = TRANSPORTS.map(({ make }) => make()).filter(
      (each) => each.constructor !== server.constructor,
    );
    expect(clients.mayCall(server)).toBe(true);
    expect(servers.filter((each) => clients.mayCall(each))).toEqual([]);
  });
});

test('a subclass is drained like its base transport', () => {
  class Shop extends ServerNats {}
  expect(transportOf(new Shop({}), ports).name).toBe('NATS');
});
