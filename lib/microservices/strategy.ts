import { MessagesInFlight } from './messages-in-flight.js';
import { notDrained } from '../notice.js';
import { isMethod, memberOf } from '../nest/members.js';
import type { TransportDrain, TransportPorts } from './transport-drain.js';

/** What a custom strategy may have beside Nest's own members. */
export interface PausableStrategy {
  /** Takes no new message from now on; the connection stays open, so that replies still get out. */
  pause(): void | Promise<void>;
}

/**
 * A transport of the user: its messages are waited for, and it stops taking some if it has a `pause()`. Without
 * one, those that it has taken before the drain are waited for, as new ones may come for ever.
 */
export function strategyDrain(server: object, { clock, answers, notify }: TransportPorts): TransportDrain {
  const messages = new MessagesInFlight(server, clock, { answers });
  const { name } = server.constructor;
  const pause = (): unknown => memberOf(server, 'pause');
  if (!isMethod(pause())) {
    const why =
      'it has no pause(), so it takes messages until Nest closes it, and only those from before are waited for';
    notify(notDrained(name, why));
  }
  return {
    name,
    // All that is needed to see its messages; the rest is there where it is made of Nest's `Server`.
    seams: ['addHandler'],
    work: {
      get items() {
        return messages.items;
      },
      idle: () => (isMethod(pause()) ? messages.idle() : messages.settled()),
      settled: () => messages.settled(),
    },
    stop: async () => {
      const method = pause();
      if (isMethod(method)) await Reflect.apply(method, server, []);
    },
  };
}
