// node two-applications.js [failing]: two applications in one process; the slower one may fail.
import { Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown, GracefulShutdownModule, OnShutdown } from 'nestjs-phased-shutdown';
import { flag, pause, say } from './scene.js';

@Injectable()
class Quick {
  @OnShutdown()
  close(): void {
    say('quick closed');
  }
}

@Injectable()
class Slow {
  @OnShutdown()
  async close(): Promise<void> {
    await pause(300);
    say('slow closed');
    if (flag('failing')) throw new Error('disk full');
  }
}

class AppModule {}

for (const provider of [Quick, Slow]) {
  const app = await NestFactory.create(
    {
      module: AppModule,
      imports: [GracefulShutdownModule.forRoot({ logger: false })],
      providers: [provider],
    },
    { logger: false },
  );
  enableGracefulShutdown(app);
  await app.listen(0);
}
say('started');
