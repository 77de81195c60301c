import { BullModule, BullRegistrar, Processor, WorkerHost } from '@nestjs/bullmq';
import { Scope } from '@nestjs/common';
import type { Job, Worker } from 'bullmq';
import { drainWorkers } from '../../lib/bullmq/index.js';
import { bootApplication, bootMistakes, taskReport } from '../nest/application.js';
import { describeWithBroker } from '../services/broker.js';
import { beginDrain, boot, Course, DRAIN, keysOfTest, processorOf, TASK, until } from './queues.js';

// The first application of a file loads Nest, which takes its time on a busy machine.
import.meta.jest.setTimeout(30_000);

// The class that this major of @nestjs/bullmq makes its workers of.
const WorkerOfMajor = Reflect.get(BullModule, '_workerClass') as typeof Worker;

await describeWithBroker({ name: 'Redis', port: 6379 }, () => {
  describe('during the drain of BullMQ workers', () => {
    test('no further job is fetched, and active jobs finish', async () => {
      const course = new Course();
      const app = await boot({ processors: [processorOf(course.run, { concurrency: 2 })] });
      for (const name of ['first', 'second', 'third', 'fourth']) await app.queue.add(name, {});
      await Promise.all([course.told('start first'), course.told('start second')]);

      const { report } = await beginDrain(app);
      course.open('first');
      await course.told('end first');
      course.open('second');

      expect((await report).outcome).toBe('completed');
      expect(course.lines).toEqual(['start first', 'start second', 'end first', 'end second']);
      expect(await app.queue.getJobCounts('completed', 'active', 'wait', 'failed')).toEqual({
        completed: 2,
        active: 0,
        wait: 2,
        failed: 0,
      });
    });

    test('an idle worker takes no new job', async () => {
      const course = new Course();
      const app = await boot({ processors: [processorOf(course.run)] });
      await app.queue.add('first', {});
      course.open('first');
      await course.told('end first');
      await app.shutdown.run('a test');
      await app.queue.add('second', {});

      expect(await app.queue.getWaitingCount()).toBe(1);
      expect(course.lines).not.toContain('start second');
    });

    test('active jobs can still add jobs: queues stay open until they end (nestjs/bull#2069)', async () => {
      const course = new Course();
      const app = await boot({
        processors: [
          processorOf(async (job) => {
            // What BullMQ was about to take in that very moment is still taken, and finished.
            if (job.name === 'child') return;
            await course.run(job);
            await app.queue.add('child', {});
          }),
        ],
      });
      await app.queue.add('parent', {});
      await course.told('start parent');

      const { report } = await beginDrain(app);
      course.open('parent');
      expect((await report).outcome).toBe('completed');
      const { completed = 0, wait = 0, failed } = await app.queue.getJobCounts('completed', 'wait', 'failed');
      expect([completed + wait, failed]).toEqual([2, 0]);
      await app.module.close();
    });

    test('active jobs are named by queue, name and id, with their age', async () => {
      const course = new Course();
      const app = await boot({ processors: [processorOf(course.run)] });
      await app.queue.add('ship', {}, { jobId: 'parcel' });
      await course.told('start ship');
      const { report } = await beginDrain(app);
      await app.clock.advance(250);

      expect(app.shutdown.awaited).toMatchObject([
        { task: TASK, inFlight: [{ name: 'orders: ship parcel', ageMs: 250 }] },
      ]);
      course.open('ship');
      await report;
    });
  });

  describe('a worker that has not finished shortly before the deadline', () => {
    test('gives its jobs back: another worker has them before the phase ends', async () => {
      const course = new Course();
      const old = await boot({ processors: [processorOf(course.run)] });
      await old.queue.add('ship', {}, { jobId: 'parcel' });
      await course.told('start ship');
      const next = new Course();
      await boot({ processors: [processorOf(next.run)] });
      const { report } = await beginDrain(old);
      await old.clock.advance(DRAIN - 501);
      expect(next.lines).toEqual([]);

      const givenUp = performance.now();
      await old.clock.advance(1);
      await next.told('start ship');
      const ms = Math.round(performance.now() - givenUp);
      process.stdout.write(`    given back, and started by the other worker after ${ms} ms\n`);
      expect(taskReport(old.shutdown.report, TASK)).toMatchObject({ outcome: 'running' });
      await old.clock.advance(500);

      expect(taskReport(await report, TASK)).toMatchObject({
        outcome: 'timed-out',
        abandoned: true,
        inFlight: [{ name: 'orders: ship parcel', ageMs: DRAIN }],
      });
      expect(old.log.warnings).toContain(
        "The worker of 'orders' was closed by force. Handed back to the queue: orders: ship parcel 14.5 s.",
      );
      next.open('ship');
      await next.told('end ship');
      course.open('ship');
    });

    test('still lets Nest close the app', async () => {
      const course = new Course();
      const app = await boot({ processors: [processorOf(course.run)] });
      await app.queue.add('ship', {});
      await course.told('start ship');
      const { report } = await beginDrain(app);
      await app.clock.advance(DRAIN);
      await report;

      await expect(app.module.close()).resolves.toBeUndefined();
      course.open('ship');
    });

    test('aborts the signal of its processors without failing their jobs', async () => {
      const course = new Course();
      const app = await boot({
        processors: [
          processorOf(async (_, signal) => {
            course.tell('start');
            await new Promise((_resolve, reject) => {
              signal?.addEventListener('abort', () => reject(new Error('cancelled')));
            });
          }),
        ],
      });
      await app.queue.add('ship', {}, { jobId: 'parcel' });
      await course.told('start');
      const { report } = await beginDrain(app);
      await app.clock.advance(DRAIN);

      expect(taskReport(await report, TASK)).toMatchObject({ outcome: 'timed-out' });
      const job: Job | undefined = await app.queue.getJob('parcel');
      expect(await job?.getState()).toBe('waiting');
      expect(job?.attemptsMade).toBe(0);
      expect(job?.failedReason).toBeUndefined();
    });

    test('keeps the result of a job that ends before the reserve', async () => {
      const course = new Course();
      const app = await boot({ processors: [processorOf(course.run)] });
      await app.queue.add('ship', {}, { jobId: 'parcel' });
      await course.told('start ship');
      const { report } = await beginDrain(app);
      await app.clock.advance(DRAIN - 501);
      course.open('ship');

      expect((await report).outcome).toBe('completed');
      expect(await (await app.queue.getJob('parcel'))?.getState()).toBe('completed');
    });

    test('uses the configured reserve, at most half of its time', async () => {
      const course = new Course();
      const app = await boot({
        processors: [processorOf(course.run)],
        options: { reserve: 60_000 },
      });
      await app.queue.add('ship', {}, { jobId: 'parcel' });
      await course.told('start ship');
      const { report } = await beginDrain(app);
      await app.clock.advance(DRAIN / 2);
      await until(() => app.log.warnings.length > 0);
      await app.clock.advance(DRAIN / 2);

      expect(taskReport(await report, TASK)).toMatchObject({ outcome: 'timed-out' });
      course.open('ship');
    });
  });

  describe('BullMQ workers are found', () => {
    test('if the processor is request-scoped', async () => {
      const course = new Course();
      const app = await boot({
        processors: [processorOf(course.run, { scope: Scope.REQUEST })],
      });
      await app.queue.add('ship', {});
      await course.told('start ship');
      const { report } = await beginDrain(app);
      course.open('ship');

      expect(taskReport(await report, TASK)).toMatchObject({ outcome: 'completed' });
      expect(course.lines).toEqual(['start ship', 'end ship']);
    });

    test('if two processors share a queue', async () => {
      const course = new Course();
      const app = await boot({ processors: [processorOf(course.run), processorOf(course.run)] });
      const report = await app.shutdown.run('a test');

      expect(taskReport(report, TASK)).toMatchObject({ outcome: 'completed' });
      expect(taskReport(report, `${TASK} #2`)).toMatchObject({ outcome: 'completed' });
    });

    test('if they are registered manually later', async () => {
      const course = new Course();
      const app = await boot({
        processors: [processorOf(course.run)],
        manualRegistration: true,
      });
      app.module.get(BullRegistrar, { strict: false }).register();
      await app.queue.add('ship', {});
      await course.told('start ship');
      const { report } = await beginDrain(app);
      course.open('ship');

      expect(taskReport(await report, TASK)).toMatchObject({ outcome: 'completed' });
      expect(course.lines).toEqual(['start ship', 'end ship']);
      expect(app.log.warnings).toEqual([]);
    });

    test('if a provider is a Worker', async () => {
      const course = new Course();
      const app = await boot({
        providers: [
          {
            provide: 'MADE',
            useFactory: () => new WorkerOfMajor('orders', async (job: Job) => course.run(job), keysOfTest()),
          },
        ],
      });
      await app.queue.add('ship', {});
      await course.told('start ship');
      const { report } = await beginDrain(app);
      course.open('ship');

      expect(taskReport(await report, TASK)).toMatchObject({ outcome: 'completed' });
      expect(course.lines).toEqual(['start ship', 'end ship']);
    });

    test('with registerQueue({ processors }): their jobs finish, and a warning says what is missing', async () => {
      const course = new Course();
      const app = await boot({
        imports: [
          BullModule.registerQueue({
            name: 'letters',
            ...keysOfTest(),
            processors: [course.run as (job: Job) => Promise<void>],
          }),
        ],
      });
      const letters = app.module.get('BullQueue_letters', { strict: false });
      await letters.add('post', {});
      await course.told('start post');
      const drain = 'WorkerDrain (letters, processors)';
      const { report } = await beginDrain(app, drain);
      course.open('post');

      await report;
      await letters.add('later', {});
      expect(taskReport(await report, drain)).toMatchObject({ outcome: 'completed' });
      expect(await letters.getJobCounts('completed', 'wait', 'failed')).toEqual({
        completed: 1,
        wait: 1,
        failed: 0,
      });
      expect(app.log.warnings).toEqual([
        expect.stringMatching(/^The queue 'letters'.*neither named nor given back/),
      ]);
      await letters.obliterate({ force: true });
    });
  });

  test('a BullMQ worker that never ran is left to Nest', async () => {
    const course = new Course();
    class Idle extends WorkerHost {
      async process(): Promise<void> {
        course.tell('ran');
      }
    }
    Processor('orders', { autorun: false })(Idle);
    const app = await boot({ processors: [Idle] });
    await app.shutdown.run('a test');
    const { worker } = app.module.get(Idle);

    expect(worker.closing).toBeUndefined();
    expect(worker.isPaused()).toBe(true);
    await app.module.close();
  });
});

describe('if BullMQ or its Nest module lacks a needed member', () => {
  class ForeignHost {
    constructor(readonly worker: unknown) {}
  }
  Object.defineProperty(ForeignHost, 'name', { value: 'WorkerHost' });

  test('a worker without its methods is logged as not drained', async () => {
    class Orders extends ForeignHost {}
    const { log } = await bootApplication({
      providers: [{ provide: Orders, useValue: new Orders({ close: () => undefined }) }],
      shutdown: { features: [drainWorkers()] },
    });

    expect(log.warnings).toEqual([
      expect.stringMatching(
        /^Orders is not drained: its worker lacks one of isRunning\(\), pause\(\), close\(\)/,
      ),
    ]);
  });

  test('a host that never gets a worker is logged as not drained', async () => {
    class Orders extends ForeignHost {}
    const { log } = await bootApplication({
      providers: [{ provide: Orders, useValue: new Orders(undefined) }],
      shutdown: { features: [drainWorkers()] },
    });

    expect(log.warnings).toEqual([expect.stringMatching(/^Orders is not drained: its worker was created/)]);
  });

  test('an app without any worker is logged as not drained', async () => {
    const { log } = await bootApplication({ shutdown: { features: [drainWorkers()] } });

    expect(log.warnings).toEqual([expect.stringMatching(/^BullMQ is not drained: no WorkerHost/)]);
  });
});

test('an invalid option of drainWorkers() is reported at boot', async () => {
  // A value that only JavaScript can write.
  const options = { phase: 'darin', reserve: '1s', timeout: 3 } as never;

  expect(await bootMistakes({ shutdown: { features: [drainWorkers(options)] } })).toMatchObject([
    { code: 'SHUTDOWN_UNKNOWN_OPTION', path: 'drainWorkers().timeout' },
    { code: 'SHUTDOWN_UNKNOWN_PHASE', path: 'drainWorkers().phase' },
    { code: 'SHUTDOWN_INVALID_TIMEOUT', path: 'drainWorkers().reserve' },
  ]);
});
