import { MessagesInFlight } from './messages-in-flight.js';
import { notDrained } from '../notice.js';
import { isMethod, memberOf } from '../nest/members.js';
import type { TransportDrain, TransportPorts } from './transport-drain.js';

/** What a custom strategy can implement besides Nest's own members. */
export interface PausableStrategy {
  /** Stops taking new messages. The connection stays open, so that replies can still be sent. */
  pause(): void | Promise<void>;
}

/**
 * Drains a custom strategy: waits for its messages, and calls its `pause()`. Without `pause()` new messages may
 * keep coming, so only those taken before the drain are waited for.
 */
export function strategyDrain(server: object, { clock, answers, notify }: TransportPorts): TransportDrain {
  const messages = new MessagesInFlight(server, clock, { answers });
  const { name } = server.constructor;
  const pause = (): unknown => memberOf(server, 'pause');
  if (!isMethod(pause())) {
    const why =
      'it has no pause(), so it takes messages until Nest closes it, and only those taken before the drain are waited for';
    notify(notDrained(name, why));
  }
  return {
    name,
    // The only member that we need. The others exist if the strategy extends Nest's `Server`.
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
