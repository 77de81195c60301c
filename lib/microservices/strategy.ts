import { MessagesInFlight } from './messages-in-flight.js';
import { isMethod, memberOf } from './server-seams.js';
import type { TransportDrain } from './transport-drain.js';
import type { TransportPorts } from './transports.js';

/** What a custom strategy may have beside Nest's own members. */
export interface PausableStrategy {
  /** Takes no new message from now on; the connection stays open, so that replies still get out. */
  pause(): void | Promise<void>;
}

/** A transport of the user: its messages are waited for, and it stops taking some if it has a `pause()`. */
export function strategyDrain(server: object, { clock }: TransportPorts): TransportDrain {
  return {
    name: server.constructor.name,
    work: new MessagesInFlight(server, clock),
    stop: async () => {
      const pause = memberOf(server, 'pause');
      if (isMethod(pause)) await Reflect.apply(pause, server, []);
    },
  };
}
