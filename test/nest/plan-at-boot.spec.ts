import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { enableGracefulShutdown } from '../../lib/index.js';
import { drainMicroservices } from '../../lib/microservices/index.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { RecordedLog, testingModule } from './application.js';

class Pigeons extends Server implements CustomTransportStrategy {
  listen(callback: () => void): void {
    callback();
  }
  close(): void {}
  override on(): void {}
  override unwrap<T>(): T {
    throw new Error('there is nothing below it');
  }
}

async function made() {
  const clock = new ManualClock(1_000_000);
  const log = new RecordedLog();
  const module = await testingModule(
    { shutdown: { features: [drainMicroservices()] } },
    { clock, log },
  ).compile();
  const app = enableGracefulShutdown(module.createNestApplication({ logger: false }));
  const plans = (): readonly string[] =>
    log.lines.map(({ text }) => text).filter((text) => text.startsWith('The shutdown plan:'));
  return { app, clock, plans };
}

describe('the plan logged at boot', () => {
  test('appears once after the start, with what was connected after enableGracefulShutdown()', async () => {
    const { app, clock, plans } = await made();
    expect(plans()).toEqual([]);
    app.connectMicroservice({ strategy: new Pigeons() });
    await app.startAllMicroservices();
    await app.init();
    await clock.advance(0);
    await app.close();

    expect(plans()).toEqual([expect.stringContaining('MicroserviceDrain')]);
  });

  test('waits for what main() starts right after the application', async () => {
    const { app, clock, plans } = await made();
    await app.init();
    app.connectMicroservice({ strategy: new Pigeons() });
    await app.startAllMicroservices();
    await clock.advance(0);
    await app.close();

    expect(plans()).toEqual([expect.stringContaining('MicroserviceDrain')]);
  });

  test('appears before the run if that begins earlier', async () => {
    const { app, plans } = await made();
    await app.close();

    expect(plans()).toHaveLength(1);
  });
});
