// Makes and closes many applications, and prints the listeners of the process that are left of them.
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown, GracefulShutdownModule } from 'nestjs-phased-shutdown';
import { say } from './scene.js';

class AppModule {}

const listenerCounts = (): string => {
  const counts = process.eventNames().map((event) => `${String(event)}:${process.listenerCount(event)}`);
  return counts.toSorted().join(' ');
};

process.on('warning', ({ name }) => say(`warning ${name}`));
const before = listenerCounts();
for (let cycle = 0; cycle < 200; cycle += 1) {
  const app = await NestFactory.createApplicationContext(
    {
      module: AppModule,
      imports: [GracefulShutdownModule.forRoot({ logger: false, fatalErrors: true, ipc: true })],
    },
    { logger: false },
  );
  enableGracefulShutdown(app);
  if (cycle === 0) say(listenerCounts() === before ? 'nothing listens' : 'listens');
  await app.close();
}
say(listenerCounts() === before ? 'as before' : `before ${before}, now ${listenerCounts()}`);
