import { MessagesInFlight } from './messages-in-flight.js';
import { callMember, isObject, memberOf } from '../discovery/members.js';
import type { TransportDrain, TransportPorts } from './transport-drain.js';

/** Unsubscribes, and answers over the other of Nest's two connections, which stays as it is. */
export function redisDrain(server: object, { clock }: TransportPorts): TransportDrain {
  const work = new MessagesInFlight(server, clock);
  const clients = (): readonly unknown[] => {
    const both = callMember(server, 'unwrap');
    return Array.isArray(both) ? both : [];
  };
  return {
    name: 'Redis',
    work,
    seams: [...MessagesInFlight.seams, 'handleMessage', 'unwrap'],
    stop: async () => {
      const [, subscriber] = clients();
      if (!isObject(subscriber)) return;
      const options = memberOf(subscriber, 'options');
      // Else a reconnect would subscribe again before it unsubscribes.
      if (isObject(options)) Reflect.set(options, 'autoResubscribe', false);
      const leaving = Promise.all([
        callMember(subscriber, 'unsubscribe'),
        callMember(subscriber, 'punsubscribe'),
      ]);
      // Without a connection nothing is subscribed, and there is nobody to say so.
      if (memberOf(subscriber, 'status') === 'ready') await leaving;
      else leaving.catch(() => undefined);
    },
    flush: async () => {
      const [publisher] = clients();
      // Answered in order, so behind every reply.
      if (isObject(publisher)) await callMember(publisher, 'ping');
    },
  };
}
