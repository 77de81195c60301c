import { Test } from '@nestjs/testing';
import { ShutdownHarness } from 'nestjs-phased-shutdown/testing';
import { AppModule } from './orders.js';

test('the port is free after the shutdown', async () => {
  const harness = await ShutdownHarness.boot(Test.createTestingModule({ imports: [AppModule] }), {
    create: (module) => module.createNestApplication(),
  });
  await harness.app.listen(0, '127.0.0.1');
  const url = await harness.app.getUrl();
  const report = await harness.shutdown({ reason: { kind: 'signal', signal: 'SIGINT' } });

  expect(report.phases[0]).toMatchObject({ name: 'unready', durationMs: 5_000 });
  await expect(fetch(url)).rejects.toThrow('fetch failed');
  await harness.noLeaks();
});
