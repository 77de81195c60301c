import { MessagesInFlight } from './messages-in-flight.js';
import { callMember, isObject, memberOf } from '../nest/members.js';
import type { TransportDrain, TransportPorts } from './transport-drain.js';

/**
 * Drains the subscriptions and not the connection, which would take the replies of running handlers with it:
 * what the server has sent already is still handled, the other members of a queue group get what follows.
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
 * Nest's own `gracefulShutdown` waits for the whole of its `gracePeriod`, whatever is in flight; after the drain it
 * would be for nothing. The options are the user's object, so the server gets others.
 */
function spareGracePeriod(server: object): void {
  const options = memberOf(server, 'options');
  if (isObject(options)) Reflect.set(server, 'options', { ...options, gracefulShutdown: false });
}
