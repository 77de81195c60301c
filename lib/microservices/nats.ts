import { MessagesInFlight } from './messages-in-flight.js';
import { callMember, isObject, memberOf } from '../nest/members.js';
import type { TransportDrain, TransportPorts } from './transport-drain.js';

/**
 * Drains the subscriptions, not the connection, which would take the replies of running handlers with it. Messages
 * that the server has already sent are handled; other members of the queue group receive what follows.
 */
export function natsDrain(server: object, { clock, answers }: TransportPorts): TransportDrain {
  const work = new MessagesInFlight(server, clock, { answers });
  return {
    name: 'NATS',
    work,
    seams: [...MessagesInFlight.seams, 'handleMessage', 'subscriptions', 'unwrap'],
    stop: async () => {
      spareGracePeriod(server);
      const subscriptions = memberOf(server, 'subscriptions');
      if (!Array.isArray(subscriptions)) return;
      await Promise.all(subscriptions.filter(isObject).map((each) => callMember(each, 'drain')));
    },
    flush: async () => {
      const connection = callMember(server, 'unwrap');
      if (isObject(connection)) await callMember(connection, 'flush');
    },
  };
}

/**
 * Turns off Nest's `gracefulShutdown`, which always waits for its full `gracePeriod`, even with nothing in flight.
 * The options object belongs to the user, so the server gets a copy.
 */
function spareGracePeriod(server: object): void {
  const options = memberOf(server, 'options');
  if (isObject(options)) Reflect.set(server, 'options', { ...options, gracefulShutdown: false });
}
