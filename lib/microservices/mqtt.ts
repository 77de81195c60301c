import { MessagesInFlight } from './messages-in-flight.js';
import { MqttHandshakes } from './mqtt-handshakes.js';
import { callMember, isMethod, isObject, memberOf, replaceMethod } from '../nest/members.js';
import type { TransportDrain, TransportPorts } from './transport-drain.js';

const WITHHELD = new Error('The server is draining; the message is left to the session.');

/** `withholding`: what the session keeps is left to it. `dropping`: so is what it does not keep. */
type State = 'taking' | 'withholding' | 'dropping';

/**
 * With a clean session it unsubscribes: the others of a shared subscription get what follows.
 *
 * With a persistent one that would take the subscription out of the session, and what comes until the restart would
 * be lost. There it stops acknowledging and handling instead: the broker keeps what is not acknowledged, and delivers
 * it to the session when that comes back. How much of it is the broker's to say: Mosquitto keeps 1000 messages for a
 * session that is away (`max_queued_messages`), and drops what follows.
 *
 * With QoS 2 a message is handed over by PUBREC, before it is delivered: from then on it is ours. With QoS 0 nothing
 * is kept, so those that come are handled as long as others are in flight.
 */
export function mqttDrain(server: object, { clock, answers }: TransportPorts): TransportDrain {
  const messages = new MessagesInFlight(server, clock, { answers });
  const handshakes = new MqttHandshakes();
  let state: State = 'taking';
  replaceMethod(server, 'handleMessage', (original) => (...args) => {
    const [, , , packet] = args;
    const qos = isObject(packet) ? memberOf(packet, 'qos') : undefined;
    if (state === 'taking' || qos === 2 || (state === 'withholding' && qos === 0)) return original(...args);
    return Promise.resolve();
  });
  replaceMethod(server, 'createMqttClient', (original) => (...args) => {
    const made = original(...args);
    if (isObject(made) && !(made instanceof Promise)) handshakes.follow(made);
    return made instanceof Promise ? made.then((client) => handshakes.follow(client)) : made;
  });
  const client = (): object => {
    const found = callMember(server, 'unwrap');
    if (!isObject(found)) throw new Error('The server has no client.');
    return found;
  };
  /** A handshake ends with a message. */
  const settled = async (): Promise<void> => {
    await handshakes.settled();
    await messages.settled();
  };

  return {
    name: 'MQTT',
    work: {
      get items() {
        return messages.items;
      },
      settled,
      idle: async () => {
        await settled();
        if (state === 'withholding') state = 'dropping';
        await messages.idle();
      },
    },
    seams: [...MessagesInFlight.seams, 'handleMessage', 'createMqttClient', 'unwrap', 'getHandlers'],
    stop: async () => {
      if (isPersistent(client())) {
        state = 'withholding';
        withhold(client());
        return;
      }
      const handlers = callMember(server, 'getHandlers');
      const topics = handlers instanceof Map ? [...handlers.keys()] : [];
      if (topics.length > 0) await called(client(), 'unsubscribe', [topics]);
    },
    // Ends when all that was published has been taken by the broker, in front of the word that we part.
    finish: () => called(client(), 'end', [false]),
  };
}

/** Whether the broker keeps the session of a client that is away. By MQTT 5 it does so for a time, which may be 0. */
function isPersistent(client: object): boolean {
  const options = memberOf(client, 'options');
  if (!isObject(options) || memberOf(options, 'clean') !== false) return false;
  if (memberOf(options, 'protocolVersion') !== 5) return true;
  const properties = memberOf(options, 'properties');
  const expiry = isObject(properties) ? memberOf(properties, 'sessionExpiryInterval') : undefined;
  return typeof expiry === 'number' && expiry > 0;
}

/** Acknowledges nothing that comes from now on. What has been acknowledged by a half is acknowledged in full. */
function withhold(client: object): void {
  replaceMethod(client, 'handleMessage', (original) => (packet, done, ...rest) => {
    // Called back with an error mqtt.js reads on and acknowledges nothing. Not called back it would read nothing
    // more, and a connection that closes with something unread is reset: the broker drops what it has not read.
    if (isObject(packet) && memberOf(packet, 'qos') === 1 && isMethod(done)) return done(WITHHELD);
    return original(packet, done, ...rest);
  });
  // For QoS 2 mqtt.js asks nobody before it takes the message over.
  replaceMethod(client, '_sendPacket', (original) => (packet, done, ...rest) => {
    if (!isObject(packet) || memberOf(packet, 'cmd') !== 'pubrec') return original(packet, done, ...rest);
    return isMethod(done) ? done() : undefined;
  });
}

/** Calls a method that tells its end by a callback. */
function called(client: object, member: string, args: readonly unknown[]): Promise<void> {
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
