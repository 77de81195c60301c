import { ExpressAdapter } from '@nestjs/platform-express';
import { GracefulShutdown, enableGracefulShutdown } from '../../lib/index.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { RecordedLog, taskReport, testingModule } from './application.js';

/** An adapter whose server serves as under Bun, and is not one of `node:net`. */
function foreignAdapter(): ExpressAdapter {
  const server = { address: () => null, close: (done: () => void) => done(), on: () => undefined };
  const adapter = new ExpressAdapter();
  Reflect.set(adapter, 'getHttpServer', () => server);
  return adapter;
}

test('a server that is not one of Node is said at boot, and the run does not end as completed', async () => {
  const [clock, log] = [new ManualClock(1_000_000), new RecordedLog()];
  const module = await testingModule({}, { clock, log }).compile();
  const app = enableGracefulShutdown(module.createNestApplication(foreignAdapter(), { logger: false }));
  await app.init();
  expect(log.warnings).toContainEqual(expect.stringMatching(/^The HTTP server is not drained: .*node:net/));

  const report = await clock.runUntil(app.get(GracefulShutdown).run('a test'));
  expect(report.outcome).toBe('failed');
  expect(taskReport(report, 'HttpDrain')?.error?.message).toMatch(/cannot be watched/);
});
