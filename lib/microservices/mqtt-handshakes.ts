import { isMethod, isObject, memberOf } from '../nest/members.js';

/**
 * The messages of QoS 2 that a client of mqtt.js has taken over by PUBREC, and that the broker has not released yet
 * by PUBREL: only then are they delivered. The broker keeps them no longer.
 */
export class MqttHandshakes {
  readonly #open = new Set<unknown>();
  #waiting: (() => void)[] = [];

  follow<T>(client: T): T {
    const on = isObject(client) ? memberOf(client, 'on') : undefined;
    if (!isMethod(on)) return client;
    Reflect.apply(on, client, ['packetsend', (packet: unknown) => this.#sent(packet)]);
    // Without a connection nobody releases anything.
    Reflect.apply(on, client, [
      'close',
      () => {
        this.#open.clear();
        this.#resolve();
      },
    ]);
    return client;
  }

  /** Resolves when none is open. */
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
    // With a reason it is refused, and stays with the broker.
    if (command === 'pubrec' && !memberOf(packet, 'reasonCode')) this.#open.add(id);
    // Behind the delivery.
    if (command !== 'pubcomp' || !this.#open.delete(id) || this.#open.size > 0) return;
    this.#resolve();
  }

  #resolve(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
