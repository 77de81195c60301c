import { setTimeout as sleep } from 'node:timers/promises';
import { InjectQueue, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job, Queue } from 'bullmq';
import { INVOICES } from './brokers.js';
import { tell } from './tell.js';

/** Jobs from BullMQ. Each written invoice is mailed by a follow-up job. */
@Processor(INVOICES, { concurrency: 20 })
export class Invoices extends WorkerHost {
  constructor(@InjectQueue(INVOICES) private readonly queue: Queue) {
    super();
  }

  async process({ name, data: { id } }: Job<{ readonly id: string }>): Promise<void> {
    if (name === 'write') await this.#write(id);
    else await this.#mail(id);
  }

  @OnWorkerEvent('failed')
  failed({ name, id }: Job, error: Error): void {
    tell({ kind: 'failed', work: name === 'write' ? 'jobs' : 'follow-ups', why: `${id}: ${error.message}` });
  }

  @OnWorkerEvent('error')
  broken(error: Error): void {
    tell({ kind: 'failed', work: 'jobs', why: error.message });
  }

  async #write(id: string): Promise<void> {
    await sleep(100 + Math.random() * 200);
    // The queue stays open while a job runs.
    await this.queue.add('mail', { id });
    tell({ kind: 'done', work: 'jobs', id });
  }

  async #mail(id: string): Promise<void> {
    await sleep(50);
    tell({ kind: 'done', work: 'follow-ups', id });
  }
}
