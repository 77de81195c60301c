import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { GracefulShutdown } from 'nestjs-phased-shutdown';
import { tell } from './tell.js';

/** An interval. */
@Injectable()
export class Stock {
  constructor(private readonly shutdown: GracefulShutdown) {}

  @Interval(250)
  async count(): Promise<void> {
    const id = randomUUID();
    tell({ kind: 'sent', work: 'runs', id });
    if (this.shutdown.signal.aborted) {
      tell({ kind: 'failed', work: 'runs', why: `${id} began after the shutdown had` });
    }
    await sleep(200);
    tell({ kind: 'done', work: 'runs', id });
  }
}
