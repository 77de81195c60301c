import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { tell } from './tell.js';

/** Calls over WebSockets. A client's session ends when its cleanup has finished. */
@WebSocketGateway()
export class PricesGateway {
  readonly #sessions = new WeakMap<object, string>();

  handleConnection(client: object): void {
    const id = randomUUID();
    this.#sessions.set(client, id);
    tell({ kind: 'sent', work: 'sessions', id });
  }

  @SubscribeMessage('price')
  async price(@MessageBody() { id }: { readonly id: string }): Promise<object> {
    await sleep(20 + Math.random() * 60);
    tell({ kind: 'done', work: 'socket calls', id });
    return { event: 'price', data: { id } };
  }

  async handleDisconnect(client: object): Promise<void> {
    await sleep(100);
    tell({ kind: 'done', work: 'sessions', id: this.#sessions.get(client) ?? 'unknown' });
  }
}
