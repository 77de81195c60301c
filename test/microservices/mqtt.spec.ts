import { EventEmitter } from 'node:events';
import { ServerMqtt } from '@nestjs/microservices';
import { mqttDrain } from '../../lib/microservices/mqtt.js';
import { testedPorts } from './ports.js';

/** A client of mqtt.js, as far as it is used here: what it sends it tells, and what it is asked it answers. */
class Wire extends EventEmitter {
  readonly sent: string[] = [];

  constructor(readonly options: object) {
    super();
  }

  handleMessage(_packet: object, done: (error?: Error) => void): void {
    done();
  }

  _sendPacket(packet: { readonly cmd: string }, done: () => void): void {
    this.sent.push(packet.cmd);
    this.emit('packetsend', packet);
    done();
  }

  unsubscribe(topics: readonly string[], done: () => void): void {
    this.sent.push(`unsubscribe ${String(topics)}`);
    done();
  }

  end(_force: boolean, done: () => void): void {
    this.sent.push('end');
    done();
  }

  /** What mqtt.js does with a message by its QoS; says whether it was acknowledged. */
  acknowledged(qos: 0 | 1 | 2, messageId = 1): boolean {
    const before = this.sent.length;
    const pass = (): void => undefined;
    if (qos === 2) this._sendPacket({ cmd: 'pubrec', messageId } as never, pass);
    else {
      this.handleMessage({ qos, messageId }, (error) => {
        if (error === undefined && qos === 1) this._sendPacket({ cmd: 'puback', messageId } as never, pass);
      });
    }
    return this.sent.length > before;
  }

  release(messageId: number): void {
    this.emit('packetreceive', { cmd: 'pubrel', messageId });
    this._sendPacket({ cmd: 'pubcomp', messageId } as never, () => undefined);
  }
}

class TestedMqtt extends ServerMqtt {
  readonly handled: unknown[] = [];

  constructor(readonly wire: Wire) {
    super({});
  }

  /** A promise of it with one major of Nest, and the client itself with the other. */
  override createMqttClient(): never {
    return this.wire as never;
  }

  override async handleMessage(...args: readonly unknown[]): Promise<void> {
    this.handled.push(args[0]);
  }

  deliver(topic: string, qos: 0 | 1 | 2): void {
    void Reflect.apply(this.handleMessage, this, [topic, Buffer.from(''), undefined, { qos }]);
  }
}

/** A server with a handler that is connected, and how it is drained. */
async function connected(options: object) {
  const wire = new Wire(options);
  const server = new TestedMqtt(wire);
  const drain = mqttDrain(server, testedPorts());
  server.addHandler('$share/workers/orders', async () => undefined as never, true);
  Reflect.set(server, 'mqttClient', await server.createMqttClient());
  return { wire, server, drain };
}

const expiring = (protocolVersion: number, sessionExpiryInterval?: number): object => ({
  clean: false,
  protocolVersion,
  properties: { sessionExpiryInterval },
});

describe('an MQTT session', () => {
  test.each([
    ['is clean', { clean: true }],
    ['is clean by default', {}],
    ['ends with its connection, by MQTT 5 without an expiry', { clean: false, protocolVersion: 5 }],
    ['ends with its connection, by MQTT 5 with an expiry of 0', expiring(5, 0)],
  ])('that %s is unsubscribed, and its messages are acknowledged', async (_, options) => {
    const { wire, drain } = await connected(options);
    await drain.stop();
    expect(wire.sent).toEqual(['unsubscribe $share/workers/orders']);
    expect([wire.acknowledged(1), wire.acknowledged(2)]).toEqual([true, true]);
  });

  test.each([
    ['MQTT 3', { clean: false, protocolVersion: 4 }],
    ['MQTT 5 with an expiry', expiring(5, 3_600)],
  ])(
    'that the broker keeps (%s) stays subscribed, and no new message is acknowledged',
    async (_, options) => {
      const { wire, server, drain } = await connected(options);
      expect([wire.acknowledged(1), wire.acknowledged(2, 2)]).toEqual([true, true]);
      wire.release(2);
      await drain.stop();
      wire.sent.length = 0;
      expect([wire.acknowledged(1), wire.acknowledged(2)]).toEqual([false, false]);
      server.deliver('orders', 1);
      expect(server.handled).toEqual([]);
    },
  );
});

describe('a QoS 2 message received before the drain', () => {
  test.each([
    ['a clean session', { clean: true }],
    ['a persistent session', { clean: false }],
  ])('is waited for, delivered and completed (%s)', async (_, options) => {
    const { wire, server, drain } = await connected(options);
    wire.acknowledged(2, 7);
    await drain.stop();
    let isIdle = false;
    const idle = drain.work.idle().then(() => {
      isIdle = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isIdle).toBe(false);
    server.deliver('orders', 2);
    wire.release(7);
    await idle;
    expect(server.handled).toEqual(['orders']);
    expect(wire.sent.at(-1)).toBe('pubcomp');
  });

  test('is not waited for without a connection', async () => {
    const { wire, drain } = await connected({ clean: false });
    wire.acknowledged(2, 7);
    await drain.stop();
    wire.emit('close');
    await expect(drain.work.idle()).resolves.toBeUndefined();
  });
});

test('QoS 0 messages, which no session keeps, are handled while others are in flight', async () => {
  const { wire, server, drain } = await connected({ clean: false });
  wire.acknowledged(2, 7);
  await drain.stop();
  const idle = drain.work.idle();
  server.deliver('news', 0);
  wire.release(7);
  await idle;
  server.deliver('late news', 0);
  expect(server.handled).toEqual(['news']);
});
