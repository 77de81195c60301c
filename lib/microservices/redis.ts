import { MessagesInFlight } from './messages-in-flight.js';
import { callMember, isMethod, isObject, memberOf } from '../nest/members.js';
import type { TransportDrain, TransportPorts } from './transport-drain.js';

/** Unsubscribes, and answers over the other of Nest's two connections, which stays open. */
export function redisDrain(server: object, { clock, answers }: TransportPorts): TransportDrain {
  const work = new MessagesInFlight(server, clock, { answers });
  const clients = (): readonly unknown[] => {
    const both = callMember(server, 'unwrap');
    return Array.isArray(both) ? both : [];
  };
  return {
    name: 'Redis',
    work,
    seams: [...MessagesInFlight.seams, 'handleMessage', 'messageHandlers', 'options', 'unwrap'],
    stop: async () => {
      const [, subscriber] = clients();
      if (!isObject(subscriber)) return;
      const options = memberOf(subscriber, 'options');
      // Otherwise a reconnect would subscribe again before it unsubscribes.
      if (isObject(options)) Reflect.set(options, 'autoResubscribe', false);
      const leaving = unsubscribe(subscriber, server);
      // Without a connection there is no subscription, and no reply will come.
      if (memberOf(subscriber, 'status') === 'ready') await leaving;
      else leaving.catch(() => undefined);
    },
    flush: async () => {
      const [publisher] = clients();
      // Redis replies in order, so the PONG follows every reply.
      if (isObject(publisher)) await callMember(publisher, 'ping');
    },
  };
}

/**
 * Unsubscribes by name, from the kind of subscription in use. Without names, Redis counts both kinds until none is
 * left, and ioredis does not recognise the reply if the other kind is in use or nothing was subscribed.
 */
async function unsubscribe(subscriber: object, server: object): Promise<void> {
  const handlers = memberOf(server, 'messageHandlers');
  const options = memberOf(server, 'options');
  const usesPatterns = isObject(options) && Boolean(memberOf(options, 'wildcards'));
  const method = memberOf(subscriber, usesPatterns ? 'punsubscribe' : 'unsubscribe');
  if (!(handlers instanceof Map) || handlers.size === 0 || !isMethod(method)) return;
  await Reflect.apply(method, subscriber, [...handlers.keys()]);
}
