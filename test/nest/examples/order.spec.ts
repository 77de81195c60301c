import { Test } from '@nestjs/testing';
import { ShutdownHarness } from 'nestjs-phased-shutdown/testing';
import { AppModule } from './orders.js';

test('the outbox is published before the database closes, and nothing stays open', async () => {
  const harness = await ShutdownHarness.boot(Test.createTestingModule({ imports: [AppModule] }));
  const report = await harness.shutdown(); // as for SIGTERM

  expect(report.outcome).toBe('completed');
  expect(harness.exitCode).toBe(0);
  harness.expectOrder('OrdersOutbox.publishRest', 'Database.close');
  harness.expectPhaseOrder('drain', 'flush', 'close');
  await harness.noLeaks();
});
