import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { GracefulShutdownModule, OnShutdown } from 'nestjs-phased-shutdown';
import { ShutdownHarness } from 'nestjs-phased-shutdown/testing';

@Injectable()
class Pool {
  @OnShutdown()
  async end(): Promise<void> {}
}

@Injectable()
class Orders {
  constructor(readonly pool: Pool) {}

  @OnShutdown('drain')
  async stop(): Promise<void> {}
}

@Module({
  imports: [GracefulShutdownModule.forRoot({ shutdownDelay: 5_000, logger: false })],
  providers: [Pool, Orders],
})
class AppModule {}

const builder = () => Test.createTestingModule({ imports: [AppModule] });

test('the harness needs no runner of its own', async () => {
  const harness = await ShutdownHarness.boot(builder(), {
    create: (module) => module.createNestApplication(),
  });
  await harness.app.listen(0, '127.0.0.1');
  const report = await harness.inject('Orders.stop', { kind: 'hang' }).shutdown();

  assert.equal(report.outcome, 'timed-out');
  assert.equal(harness.exitCode, 1);
  harness.expectOutcomes({ 'Pool.end': 'completed' });
  harness.expectPhaseOrder('unready', 'drain', 'close');
  await harness.noLeaks();
});

test('what it finds wrong fails a test', async () => {
  const harness = await ShutdownHarness.boot(builder());
  await harness.shutdown();
  const leaked = setInterval(() => undefined, 1_000);
  await assert.rejects(harness.noLeaks({ within: 20 }), /1 × Timeout/);
  clearInterval(leaked);
  assert.throws(() => harness.expectOrder('Pool.end', 'Orders.stop'), /Expected 'Pool.end' to end before/);
});
