import { Test } from '@nestjs/testing';
import { ShutdownHarness } from 'nestjs-phased-shutdown/testing';
import { AppModule } from './orders.js';

const boot = () => ShutdownHarness.boot(Test.createTestingModule({ imports: [AppModule] }));

test('a broker that never answers does not keep the database from closing', async () => {
  const harness = await boot();
  harness.inject('OrdersOutbox.publishRest', { kind: 'hang' });
  const report = await harness.shutdown();

  harness.expectOutcomes({ 'OrdersOutbox.publishRest': 'timed-out', 'Database.close': 'completed' });
  expect(report.durationMs).toBeLessThan(30_000); // of the manual clock
  expect(harness.exitCode).toBe(1);
});

test('waits for a slow broker', async () => {
  const harness = await boot();
  harness.inject('OrdersOutbox.publishRest', { kind: 'slow', ms: 2_500 });

  expect((await harness.shutdown()).outcome).toBe('completed');
});
