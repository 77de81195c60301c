import { Controller, Get, Param } from '@nestjs/common';
import { OrdersOutbox } from './orders-outbox.js';

@Controller('orders')
export class OrdersController {
  constructor(private readonly outbox: OrdersOutbox) {}

  @Get(':id')
  order(@Param('id') id: string): { id: string } {
    this.outbox.add(id);
    return { id };
  }
}
