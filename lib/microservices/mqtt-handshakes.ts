import { isMethod, isObject, memberOf } from '../nest/members.js';

/**
 * The QoS 2 messages that an mqtt.js client has acknowledged with PUBREC and the broker has not released with
 * PUBREL. They are delivered after PUBREL, and the broker no longer keeps them.
 */
export class MqttHandshakes {
  readonly #open = new Set<unknown>();
  #waiting: (() => void)[] = [];

  follow<T>(client: T): T {
    const on = isObject(client) ? memberOf(client, 'on') : undefined;
    if (!isMethod(on)) return client;
    Reflect.apply(on, client, ['packetsend', (packet: unknown) => this.#sent(packet)]);
    // Without a connection the broker releases nothing.
    Reflect.apply(on, client, [
      'close',
      () => {
        this.#open.clear();
        this.#resolve();
      },
    ]);
    return client;
  }

  /** Resolves when no handshake is open. */
  async settled(): Promise<void> {
    while (this.#open.size > 0) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  #sent(packet: unknown): void {
    if (!isObject(packet)) return;
    const id = memberOf(packet, 'messageId');
    const command = memberOf(packet, 'cmd');
    // A PUBREC with a reason code refuses the message, which stays with the broker.
    if (command === 'pubrec' && !memberOf(packet, 'reasonCode')) this.#open.add(id);
    // mqtt.js sends PUBCOMP after it has delivered the message.
    if (command !== 'pubcomp' || !this.#open.delete(id) || this.#open.size > 0) return;
    this.#resolve();
  }

  #resolve(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
