import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload, type RmqContext } from '@nestjs/microservices';
import { tell } from './tell.js';

/** Messages from RabbitMQ. */
@Controller()
export class OrdersController {
  // With the type of a pattern. Without it, Nest 12 requires a context of type `unknown`.
  @EventPattern<string>('order placed')
  async book(@Payload() { id }: { readonly id: string }, @Ctx() context: RmqContext): Promise<void> {
    await sleep(100 + Math.random() * 200);
    tell({ kind: 'done', work: 'messages', id });
    // At the end: a message that is cut off before is redelivered.
    context.getChannelRef().ack(context.getMessage());
  }
}
