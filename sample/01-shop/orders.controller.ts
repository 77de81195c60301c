import { Body, Controller, Post } from '@nestjs/common';
import { Orders } from './orders.service.js';

@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: Orders) {}

  @Post()
  async place(@Body() { item }: { readonly item: string }): Promise<{ readonly id: string }> {
    return { id: await this.orders.place(item) };
  }
}
