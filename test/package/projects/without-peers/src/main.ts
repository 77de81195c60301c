import { Injectable, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown, GracefulShutdownModule, OnShutdown } from 'nestjs-phased-shutdown';

@Injectable()
class Poller {
  private readonly timer = setInterval(() => undefined, 1_000);

  @OnShutdown('drain')
  stop(): void {
    clearInterval(this.timer);
  }
}

@Injectable()
class Journal {
  @OnShutdown()
  async close(): Promise<void> {
    await Promise.resolve();
  }
}

@Module({ imports: [GracefulShutdownModule.forRoot()], providers: [Poller, Journal] })
class WorkerModule {}

async function bootstrap() {
  const app = await NestFactory.createApplicationContext(WorkerModule);
  enableGracefulShutdown(app);
  Logger.log('working', 'main');
}
void bootstrap();
