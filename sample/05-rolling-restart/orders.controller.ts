import { setTimeout as sleep } from 'node:timers/promises';
import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { OnShutdown } from 'nestjs-phased-shutdown';
import { tell } from './tell.js';

@Controller('orders')
export class OrdersController {
  #found = false;
  #taken = 0;

  @Get(':id')
  async show(@Param('id') id: string): Promise<{ readonly id: string }> {
    await this.#work();
    return { id };
  }

  @Post()
  async take(@Body() { id }: { readonly id: string }): Promise<{ readonly id: string }> {
    await this.#work();
    this.#taken += 1;
    return { id };
  }

  /** After the drain the number of orders is final. */
  @OnShutdown('flush')
  count(): void {
    tell({ kind: 'drained', taken: this.#taken });
  }

  /** Most requests take a few milliseconds, one in ten takes 250. */
  async #work(): Promise<void> {
    if (!this.#found) tell({ kind: 'found' });
    this.#found = true;
    await sleep(Math.random() < 0.1 ? 250 : Math.random() * 20);
  }
}
