import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { GracefulShutdownModule, OnShutdown } from 'nestjs-phased-shutdown';

@Injectable()
export class Database {
  @OnShutdown()
  async close(): Promise<void> {
    await sleep(20);
  }
}

@Injectable()
export class OrdersOutbox {
  constructor(readonly database: Database) {}

  @OnShutdown('flush')
  async publishRest(): Promise<void> {
    await sleep(40);
  }
}

/** Its backend is gone, so it loses its last numbers. The span shows that. */
@Injectable()
export class Metrics {
  @OnShutdown('flush')
  async writeRest(): Promise<void> {
    await sleep(10);
    throw new Error('the backend is gone');
  }
}

@Module({
  imports: [GracefulShutdownModule.forRoot()],
  providers: [Database, OrdersOutbox, Metrics],
})
export class AppModule {}
