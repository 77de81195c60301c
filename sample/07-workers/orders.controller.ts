import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload, type RmqContext } from '@nestjs/microservices';
import { tell } from './tell.js';

/** Messages from RabbitMQ. */
@Controller()
export class OrdersController {
  // With the type of a pattern: else Nest 12 wants the context to be `unknown`.
  @EventPattern<string>('order placed')
  async book(@Payload() { id }: { readonly id: string }, @Ctx() context: RmqContext): Promise<void> {
    await sleep(100 + Math.random() * 200);
    tell({ kind: 'done', work: 'messages', id });
    // Last: what is cut off before is delivered again.
    context.getChannelRef().ack(context.getMessage());
  }
}
