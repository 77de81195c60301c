import { grpcDrain } from './grpc.js';
import { kafkaDrain } from './kafka.js';
import { mqttDrain } from './mqtt.js';
import { natsDrain } from './nats.js';
import { rabbitmqDrain } from './rabbitmq.js';
import { redisDrain } from './redis.js';
import { tcpDrain } from './tcp.js';
import { strategyDrain } from './strategy.js';
import { classNames } from '../nest/members.js';
import type { TransportDrain, TransportPorts } from './transport-drain.js';

/** Takes a server before it listens, and returns how it is drained. */
export type TransportAdapter = (server: object, ports: TransportPorts) => TransportDrain;

/** Keyed by Nest's class name: subclasses match too, and no transport package is loaded here. */
const ADAPTERS: ReadonlyMap<string, TransportAdapter> = new Map([
  ['ServerGrpc', grpcDrain],
  ['ServerKafka', kafkaDrain],
  ['ServerMqtt', mqttDrain],
  ['ServerNats', natsDrain],
  ['ServerRedis', redisDrain],
  ['ServerRMQ', rabbitmqDrain],
  ['ServerTCP', tcpDrain],
]);

/** How the server is drained, by its class or the nearest known base class. */
export function transportOf(server: object, ports: TransportPorts): TransportDrain {
  for (const name of classNames(server)) {
    const adapter = ADAPTERS.get(name);
    if (adapter !== undefined) return adapter(server, ports);
  }
  return strategyDrain(server, ports);
}
