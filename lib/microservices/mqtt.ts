import { MessagesInFlight } from './messages-in-flight.js';
import { callMember, isMethod, isObject, memberOf, replaceMethod } from '../discovery/members.js';
import type { TransportDrain, TransportPorts } from './transport-drain.js';

const WITHHELD = new Error('The server is draining; the message is left to the session.');

/**
 * With a clean session it unsubscribes: the others of a shared subscription get what follows.
 *
 * With a persistent one (`clean: false`) that would take the subscription out of the session, and what comes
 * until the restart would be lost. There it stops acknowledging and handling instead: the broker keeps what is
 * not acknowledged, and delivers it to the session when that comes back. How much of it is the broker's to say:
 * Mosquitto keeps 1000 messages for a session that is away (`max_queued_messages`), and drops what follows.
 */
export function mqttDrain(server: object, { clock }: TransportPorts): TransportDrain {
  const work = new MessagesInFlight(server, clock);
  let status: 'taking' | 'dropping' = 'taking';
  replaceMethod(server, 'handleMessage', (original) => (...args) => {
    return status === 'taking' ? original(...args) : Promise.resolve();
  });
  const client = (): object => {
    const found = callMember(server, 'unwrap');
    if (!isObject(found)) throw new Error('The server has no client.');
    return found;
  };
  const isPersistent = (): boolean => {
    const options = memberOf(client(), 'options');
    return isObject(options) && memberOf(options, 'clean') === false;
  };

  return {
    name: 'MQTT',
    work,
    seams: [...MessagesInFlight.seams, 'handleMessage', 'unwrap', 'getHandlers'],
    stop: async () => {
      if (isPersistent()) {
        status = 'dropping';
        // Called back with an error mqtt.js reads on and acknowledges nothing. Not called back it would read nothing
        // more, and a connection that closes with something unread is reset: the broker drops what it has not read.
        const withhold = (_: unknown, done: unknown): unknown =>
          isMethod(done) ? done(WITHHELD) : undefined;
        Reflect.set(client(), 'handleMessage', withhold);
        return;
      }
      const handlers = callMember(server, 'getHandlers');
      const topics = handlers instanceof Map ? [...handlers.keys()] : [];
      if (topics.length > 0) await settled(client(), 'unsubscribe', [topics]);
    },
    // Ends when all that was published has been taken by the broker, in front of the word that we part.
    finish: () => settled(client(), 'end', [false]),
  };
}

/** Calls a method that tells its end by a callback. */
function settled(client: object, member: string, args: readonly unknown[]): Promise<void> {
  const method = memberOf(client, member);
  if (!isMethod(method)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const done = (error?: unknown): void => {
      if (error instanceof Error) reject(error);
      else resolve();
    };
    Reflect.apply(method, client, [...args, done]);
  });
}
