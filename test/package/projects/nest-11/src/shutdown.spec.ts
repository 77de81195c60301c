import { type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { GracefulShutdown } from 'nestjs-phased-shutdown';
import { EventRecorder, runPlan } from 'nestjs-phased-shutdown/testing';
import { AppModule } from './app.module';
import { Database } from './database';

/** Milliseconds that a start may take on a busy machine. */
const PATIENCE = 120_000;

describe('the shutdown of the application', () => {
  let app: INestApplication;

  beforeEach(async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
  }, PATIENCE);

  afterEach(() => app.close());

  it(
    'publishes the orders before the database closes',
    async () => {
      const recorder = new EventRecorder();
      app.get(GracefulShutdown).events$.subscribe(recorder.listener);
      await fetch(`${await app.getUrl()}/orders/7`);

      await app.close();

      recorder.expectOrder('OrdersOutbox.publishRest', 'Database.close');
      expect(app.get(Database)).toMatchObject({ rows: ['7'], isOpen: false });
      expect(app.get(GracefulShutdown).report).toMatchObject({ outcome: 'completed' });
    },
    PATIENCE,
  );
});

describe('a plan without an application', () => {
  it('runs on a clock that is moved by hand', async () => {
    const { report } = await runPlan({
      phases: [{ name: 'close', timeout: 1_000 }],
      tasks: [{ name: 'pool', run: () => new Promise(() => undefined) }],
    });
    expect(report).toMatchObject({ outcome: 'timed-out', durationMs: 1_000 });
  });
});
