import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { OnShutdown } from 'nestjs-phased-shutdown';

/** The connections that everything else uses to read and write. */
@Injectable()
export class Pool {
  #isOpen = true;

  async query(): Promise<void> {
    assert.ok(this.#isOpen, 'the pool is used after its end');
    await sleep(30);
  }

  @OnShutdown()
  async end(): Promise<void> {
    this.#isOpen = false;
    await sleep(20);
  }
}

@Module({ providers: [Pool], exports: [Pool] })
export class DatabaseModule {}
