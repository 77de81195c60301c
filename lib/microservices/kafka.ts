import { MessagesInFlight } from './messages-in-flight.js';
import { callMember, isObject } from '../nest/members.js';
import type { TransportDrain, TransportPorts } from './transport-drain.js';

/**
 * Stops the consumer, which waits for the message that each partition is at, commits the offsets and leaves the
 * group. The producer stays connected, so that the replies of these messages get out before Nest closes it.
 */
export function kafkaDrain(server: object, { clock, answers }: TransportPorts): TransportDrain {
  const work = new MessagesInFlight(server, clock, { answers });
  return {
    name: 'Kafka',
    work,
    seams: [...MessagesInFlight.seams, 'handleMessage', 'unwrap'],
    stop: async () => {
      const clients = callMember(server, 'unwrap');
      // The client, the consumer, the producer.
      const consumer: unknown = Array.isArray(clients) ? clients[1] : undefined;
      if (isObject(consumer)) await callMember(consumer, 'stop');
    },
  };
}
