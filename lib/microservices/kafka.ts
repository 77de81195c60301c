import { MessagesInFlight } from './messages-in-flight.js';
import { callMember, isObject } from '../nest/members.js';
import type { TransportDrain, TransportPorts } from './transport-drain.js';

/**
 * Stops the consumer: it finishes the current message of each partition, commits the offsets and leaves the group.
 * The producer stays connected, so that replies are sent before Nest closes it.
 */
export function kafkaDrain(server: object, { clock, answers }: TransportPorts): TransportDrain {
  const work = new MessagesInFlight(server, clock, { answers });
  return {
    name: 'Kafka',
    work,
    seams: [...MessagesInFlight.seams, 'handleMessage', 'unwrap'],
    stop: async () => {
      const clients = callMember(server, 'unwrap');
      // `unwrap()` returns the client, the consumer and the producer.
      const consumer: unknown = Array.isArray(clients) ? clients[1] : undefined;
      if (isObject(consumer)) await callMember(consumer, 'stop');
    },
  };
}
