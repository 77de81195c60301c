import { MessagesInFlight } from './messages-in-flight.js';
import { callMember, isMethod, isObject, memberOf, replaceMethod } from '../nest/members.js';
import { noAck } from '../startup-checks/no-ack.js';
import type { TransportDrain, TransportPorts } from './transport-drain.js';

/** A consumer of the broker: the channel that it is on, and what the broker answered. */
interface Consumer {
  readonly channel: object;
  readonly reply: unknown;
}

type State =
  { readonly status: 'consuming'; readonly consumer: Consumer | undefined } | { readonly status: 'stopped' };

/**
 * Cancels the consumer and keeps the channel, so that what has been delivered is handled, acknowledged and
 * answered on it. The channel is the one below the wrapper of amqp-connection-manager, which knows only the
 * consumers that were made through it, and Nest's is not.
 */
export function rabbitmqDrain(server: object, { clock, answers, notify }: TransportPorts): TransportDrain {
  const work = new MessagesInFlight(server, clock, { answers });
  const name = `RabbitMQ ${String(memberOf(server, 'queue'))}`;
  let state: State = { status: 'consuming', consumer: undefined };
  let latest: object | undefined;

  if (memberOf(server, 'noAck') === true) notify(noAck(name));
  // Called for each channel, after a reconnect as well: then nothing is consumed any more.
  replaceMethod(server, 'setupChannel', (original) => (channel, ...rest) => {
    if (isObject(channel)) latest = channel;
    if (state.status === 'stopped') return undefined;
    if (isObject(channel)) {
      replaceMethod(channel, 'consume', (consume) => (...args) => {
        // The setup asks the broker several times before it comes to this.
        if (state.status === 'stopped') return Promise.resolve({});
        const reply = consume(...args);
        state = { status: 'consuming', consumer: { channel, reply } };
        return reply;
      });
    }
    return original(channel, ...rest);
  });

  return {
    name,
    work,
    seams: [...MessagesInFlight.seams, 'handleMessage', 'setupChannel', 'queue'],
    stop: async () => {
      const consumer = state.status === 'consuming' ? state.consumer : undefined;
      state = { status: 'stopped' };
      if (consumer === undefined) return;
      const reply: unknown = await consumer.reply;
      const tag = isObject(reply) ? memberOf(reply, 'consumerTag') : undefined;
      const cancel = memberOf(consumer.channel, 'cancel');
      if (isMethod(cancel)) await Reflect.apply(cancel, consumer.channel, [tag]);
    },
    flush: async () => {
      // Nest does not wait for the broker to take a reply, and closing the channel would drop it.
      if (latest !== undefined) await callMember(latest, 'waitForConfirms');
    },
  };
}
