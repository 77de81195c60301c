import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { OnShutdown } from 'nestjs-phased-shutdown';

@Injectable()
export class Requests {
  @OnShutdown('drain')
  async finish(): Promise<void> {
    await sleep(120);
  }
}

@Injectable()
export class Consumers {
  @OnShutdown('drain')
  async stop(): Promise<void> {
    await sleep(80);
  }
}

@Injectable()
export class Outbox {
  @OnShutdown('flush')
  async publish(): Promise<void> {
    await sleep(60);
  }
}

@Injectable()
export class Metrics {
  @OnShutdown('flush')
  async send(): Promise<void> {
    await sleep(100);
  }
}

@Injectable()
export class Cache {
  @OnShutdown('close')
  async close(): Promise<void> {
    await sleep(40);
  }
}

@Injectable()
export class Search {
  @OnShutdown('close')
  async close(): Promise<void> {
    await sleep(80);
  }
}

/** Runs alone at its place in the order, whatever the mode of its phase. */
@Injectable()
export class Pool {
  @OnShutdown({ phase: 'close', mode: 'sequential', order: 1 })
  async end(): Promise<void> {
    await sleep(60);
  }
}
