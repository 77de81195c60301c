import { MessagesInFlight } from './messages-in-flight.js';
import { MqttHandshakes } from './mqtt-handshakes.js';
import { callMember, isMethod, isObject, memberOf, replaceMethod } from '../nest/members.js';
import type { TransportDrain, TransportPorts } from './transport-drain.js';

const WITHHELD = new Error('The server is draining; the message stays in the session.');

/**
 * `withholding`: messages that the session keeps are left to it. `dropping`: QoS 0 messages, which it does not
 * keep, are dropped too.
 */
type State = 'taking' | 'withholding' | 'dropping';

/**
 * With a clean session it unsubscribes: other members of a shared subscription receive what follows.
 *
 * With a persistent session, that would remove the subscription, and messages until the restart would be lost. So
 * it stops acknowledging and handling instead: the broker keeps unacknowledged messages and delivers them when the
 * session returns. How many is up to the broker: Mosquitto keeps 1000 messages for an offline session
 * (`max_queued_messages`) and drops the rest.
 *
 * A QoS 2 message is ours from PUBREC on, before its delivery. QoS 0 messages are not kept anywhere, so they are
 * handled as long as others are in flight.
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
    if (!isObject(found)) throw new Error('The MQTT server has no client.');
    return found;
  };
  /** A finished handshake delivers a message, so handshakes come first. */
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
    // Ends after the broker has taken everything published, and before our DISCONNECT.
    finish: () => called(client(), 'end', [false]),
  };
}

/** Whether the broker keeps the session while the client is offline. In MQTT 5 it has an expiry, which may be 0. */
function isPersistent(client: object): boolean {
  const options = memberOf(client, 'options');
  if (!isObject(options) || memberOf(options, 'clean') !== false) return false;
  if (memberOf(options, 'protocolVersion') !== 5) return true;
  const properties = memberOf(options, 'properties');
  const expiry = isObject(properties) ? memberOf(properties, 'sessionExpiryInterval') : undefined;
  return typeof expiry === 'number' && expiry > 0;
}

/** Stops acknowledging new messages. A QoS 2 handshake that has begun is completed. */
function withhold(client: object): void {
  replaceMethod(client, 'handleMessage', (original) => (packet, done, ...rest) => {
    // On an error, mqtt.js reads on and does not acknowledge. Without the callback it would stop reading. A
    // connection that closes with unread data is reset, and the broker discards what it has not read.
    if (isObject(packet) && memberOf(packet, 'qos') === 1 && isMethod(done)) return done(WITHHELD);
    return original(packet, done, ...rest);
  });
  // For QoS 2, mqtt.js sends PUBREC without calling `handleMessage` first.
  replaceMethod(client, '_sendPacket', (original) => (packet, done, ...rest) => {
    if (!isObject(packet) || memberOf(packet, 'cmd') !== 'pubrec') return original(packet, done, ...rest);
    return isMethod(done) ? done() : undefined;
  });
}

/** Promisifies a method that takes a callback. */
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
