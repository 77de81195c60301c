import { Test } from '@nestjs/testing';
import { Readiness } from 'nestjs-phased-shutdown';
import { ShutdownHarness, onManualClock } from 'nestjs-phased-shutdown/testing';
import { AppModule } from './orders.js';

test('is not ready once the shutdown begins, and still serves', async () => {
  const module = await onManualClock(Test.createTestingModule({ imports: [AppModule] })).compile();
  const app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  const harness = await ShutdownHarness.of(app);

  harness.process.emitSignal('SIGTERM');
  await harness.clock.advance(4_000); // within the shutdownDelay
  expect(app.get(Readiness).state).toBe('draining');
  expect((await fetch(await app.getUrl())).status).toBe(404);

  await harness.shutdown(); // joins what has begun, and goes on to the end
  await harness.noLeaks();
});
