import { createServer } from 'node:net';
import { Injectable, Module } from '@nestjs/common';
import { GracefulShutdownModule, OnShutdown } from 'nestjs-phased-shutdown';

@Injectable()
export class Database {
  @OnShutdown()
  async close() {}
}

@Injectable()
export class OrdersOutbox {
  constructor(readonly database: Database) {}

  @OnShutdown('flush')
  async publishRest() {}
}

@Injectable()
export class Metrics {
  readonly server = createServer();

  onModuleInit() {
    return new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  @OnShutdown()
  close() {
    return new Promise((resolve) => this.server.close(resolve));
  }
}

@Module({
  imports: [GracefulShutdownModule.forRoot({ shutdownDelay: 5_000 })],
  providers: [Database, OrdersOutbox, Metrics],
})
export class AppModule {}
