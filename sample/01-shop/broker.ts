import { open, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { OnShutdown } from 'nestjs-phased-shutdown';

/** Stands for a message broker. Its journal keeps everything that was published, and the check reads it at the end. */
@Injectable()
export class Broker {
  private constructor(private readonly journal: FileHandle) {}

  static async connect(directory: string): Promise<Broker> {
    return new Broker(await open(journalOf(directory), 'a'));
  }

  /** Resolves when the broker has confirmed the messages, as a real broker does over the network. */
  async publish(orderIds: readonly string[]): Promise<void> {
    await sleep(10);
    await this.journal.appendFile(orderIds.map((id) => `${id}\n`).join(''));
  }

  @OnShutdown()
  async disconnect(): Promise<void> {
    await this.journal.close();
  }
}

/** Every published message, in order, with duplicates. */
export async function publishedTo(directory: string): Promise<readonly string[]> {
  const journal = await readFile(journalOf(directory), 'utf8');
  return journal.split('\n').filter((line) => line !== '');
}

function journalOf(directory: string): string {
  return join(directory, 'broker.journal');
}
