import { MessagesInFlight } from './messages-in-flight.js';
import { callMember, isMethod, isObject, memberOf, replaceMethod } from '../nest/members.js';
import { noAck } from '../startup-checks/no-ack.js';
import type { TransportDrain, TransportPorts } from './transport-drain.js';

/** A consumer of the broker: its channel, and the broker's reply to `consume`. */
interface Consumer {
  readonly channel: object;
  readonly reply: unknown;
}

type State =
  { readonly status: 'consuming'; readonly consumer: Consumer | undefined } | { readonly status: 'stopped' };

/**
 * Cancels the consumer and keeps the channel, so that delivered messages are handled, acknowledged and answered on
 * it. Uses the channel below the wrapper of amqp-connection-manager: the wrapper knows only consumers created
 * through it, and Nest's is not.
 */
export function rabbitmqDrain(server: object, { clock, answers, notify }: TransportPorts): TransportDrain {
  const work = new MessagesInFlight(server, clock, { answers });
  const name = `RabbitMQ ${String(memberOf(server, 'queue'))}`;
  let state: State = { status: 'consuming', consumer: undefined };
  let latest: object | undefined;

  if (memberOf(server, 'noAck') === true) notify(noAck(name));
  // Called for each channel, including after a reconnect. Once stopped, a new channel does not consume.
  replaceMethod(server, 'setupChannel', (original) => (channel, ...rest) => {
    if (isObject(channel)) latest = channel;
    if (state.status === 'stopped') return undefined;
    if (isObject(channel)) {
      replaceMethod(channel, 'consume', (consume) => (...args) => {
        // The setup awaits several replies of the broker before it calls `consume`.
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
      // Nest does not wait until the broker has taken a reply, and closing the channel would drop it.
      if (latest !== undefined) await callMember(latest, 'waitForConfirms');
    },
  };
}
