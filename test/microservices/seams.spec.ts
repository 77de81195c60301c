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

const SERVERS: readonly (readonly [string, () => object])[] = [
  ['gRPC', () => new ServerGrpc({ package: 'work', protoPath: PROTO })],
  ['Kafka', () => new ServerKafka({})],
  ['MQTT', () => new ServerMqtt({})],
  ['NATS', () => new ServerNats({})],
  ['Redis', () => new ServerRedis({})],
  ['RabbitMQ orders', () => new ServerRMQ({ queue: 'orders' })],
  ['TCP', () => new ServerTCP({})],
];

const ports = { clock: new ManualClock(), notify: () => undefined, endStreams: false };

// Where one of these fails, Nest has moved what the drain relies on.
describe('the server of Nest has what its drain relies on', () => {
  test.each(SERVERS)('%s', (name, make) => {
    const server = make();
    const drain = transportOf(server, ports);
    expect(drain.name).toBe(name);
    expect(drain.seams.length).toBeGreaterThan(0);
    expect(missingMembers(make(), drain.seams)).toEqual([]);
  });
});

test('a subclass is drained as the transport that it is one of', () => {
  class Shop extends ServerNats {}
  expect(transportOf(new Shop({}), ports).name).toBe('NATS');
});
