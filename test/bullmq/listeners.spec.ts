import { EventEmitter, errorMonitor } from 'node:events';
import {
  OnQueueEvent,
  OnWorkerEvent,
  Processor,
  QueueEventsHost,
  QueueEventsListener,
  WorkerHost,
} from '@nestjs/bullmq';
import type { Type } from '@nestjs/common';
import type { Job } from 'bullmq';
import { CountedListeners } from '../../lib/bullmq/counted-listeners.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { taskReport } from '../nest/application.js';
import { describeWithBroker } from '../services/broker.js';
import { beginDrain, boot, Course, DRAIN, TASK, until } from './queues.js';

import.meta.jest.setTimeout(30_000);

/** Fails the jobs that are called `bad`, and listens for both ends. */
function listeningProcessor(course: Course, onEnd: (event: string, job: Job) => Promise<void>): Type {
  @Processor('orders', { concurrency: 10 })
  class Listening extends WorkerHost {
    async process(job: Job): Promise<void> {
      await course.run(job);
      if (job.name === 'bad') throw new Error('bad');
    }

    @OnWorkerEvent('completed')
    completed(job: Job): Promise<void> {
      return onEnd('completed', job);
    }

    @OnWorkerEvent('failed')
    failed(job: Job): Promise<void> {
      return onEnd('failed', job);
    }
  }
  return Listening;
}

await describeWithBroker({ name: 'Redis', port: 6379 }, () => {
  describe('an async listener of a BullMQ worker', () => {
    test('is waited for after its job, is named, and can still add jobs', async () => {
      const course = new Course();
      const onEnd = async (event: string, { id }: Job): Promise<void> => {
        course.tell(`${event} ${id}`);
        await course.gate(event);
        await app.queue.add('dead', {});
        course.tell(`${event} ends`);
      };
      const app = await boot({ processors: [listeningProcessor(course, onEnd)] });
      await app.queue.add('good', {}, { jobId: 'one' });
      await app.queue.add('bad', {}, { jobId: 'two' });
      await Promise.all([course.told('start good'), course.told('start bad')]);
      const { report } = await beginDrain(app);
      course.open('good');
      course.open('bad');
      await Promise.all([course.told('completed one'), course.told('failed two')]);
      await until(() => app.shutdown.awaited[0]?.inFlight?.length === 2);

      const named = app.shutdown.awaited[0]?.inFlight?.map(({ name }) => name) ?? [];
      expect(named.toSorted()).toEqual(["orders: 'completed' of good one", "orders: 'failed' of bad two"]);
      course.open('completed');
      course.open('failed');
      expect(taskReport(await report, TASK)).toMatchObject({ outcome: 'completed' });
      expect(course.lines).toEqual(expect.arrayContaining(['completed ends', 'failed ends']));
      expect(await app.queue.getWaitingCount()).toBe(2);
    });

    test('is waited for if it was added by hand, and if its job ended before the shutdown', async () => {
      const course = new Course();
      const processor = listeningProcessor(course, async () => undefined);
      const app = await boot({ processors: [processor] });
      const { worker } = app.module.get<WorkerHost>(processor);
      worker.once('completed', async () => {
        course.tell('once');
        await course.gate('listener');
        course.tell('once ends');
      });
      course.open('good');
      await app.queue.add('good', {});
      await course.told('once');
      const { report } = await beginDrain(app);
      course.open('listener');

      expect(taskReport(await report, TASK)).toMatchObject({ outcome: 'completed' });
      expect(course.lines.at(-1)).toBe('once ends');
      expect(worker.listenerCount('completed')).toBe(1);
    });

    test('that rejects during the drain fails it with the same error', async () => {
      const course = new Course();
      const onEnd = async (event: string): Promise<void> => {
        course.tell(event);
        await course.gate('listener');
        throw new Error('no dead letters');
      };
      const app = await boot({ processors: [listeningProcessor(course, onEnd)] });
      await app.queue.add('bad', {});
      await course.told('start bad');
      const { report } = await beginDrain(app);
      course.open('bad');
      await course.told('failed');
      course.open('listener');

      expect(taskReport(await report, TASK)).toMatchObject({
        outcome: 'failed',
        error: expect.objectContaining({ message: 'no dead letters' }),
      });
    });

    test('that hangs is named at the deadline, and no job is reported as given back', async () => {
      const course = new Course();
      const onEnd = async (): Promise<void> => {
        course.tell('listener');
        await course.gate('never');
      };
      const processor = listeningProcessor(course, onEnd);
      const app = await boot({ processors: [processor] });
      course.open('good');
      await app.queue.add('good', {}, { jobId: 'one' });
      await course.told('listener');
      const { report } = await beginDrain(app);
      await app.module.get<WorkerHost>(processor).worker.closing;
      await app.clock.advance(DRAIN);

      expect(taskReport(await report, TASK)).toMatchObject({
        outcome: 'timed-out',
        inFlight: [{ name: "orders: 'completed' of good one" }],
      });
      expect(app.log.warnings.filter((line) => line.includes('by force'))).toEqual([]);
      course.open('never');
    });
  });

  test('an async listener of QueueEvents is waited for, even for a job that finishes during the drain', async () => {
    const course = new Course();
    @QueueEventsListener('orders')
    class Events extends QueueEventsHost {
      @OnQueueEvent('completed')
      async completed({ jobId }: { jobId: string }): Promise<void> {
        course.tell(`completed ${jobId}`);
        await course.gate('listener');
        course.tell('listener ends');
      }
    }
    const app = await boot({
      processors: [listeningProcessor(course, async () => undefined), Events],
    });
    await app.module.get(Events).queueEvents.waitUntilReady();
    await app.queue.add('good', {}, { jobId: 'one' });
    await course.told('start good');
    const { report } = await beginDrain(app);
    course.open('good');
    await course.told('completed one');
    const task = 'QueueEventsDrain (orders)';
    const events = () => app.shutdown.awaited.find((each) => each.task === task);
    await until(() => events()?.inFlight?.length === 1);

    expect(events()?.inFlight).toMatchObject([{ name: "orders: 'completed' of one" }]);
    course.open('listener');
    await until(async () => {
      await app.clock.advance(100);
      return app.shutdown.awaited.length === 0;
    });
    expect(taskReport(await report, task)).toMatchObject({ outcome: 'completed' });
    expect(course.lines.at(-1)).toBe('listener ends');
  });
});

describe('counted listeners are called as by their emitter', () => {
  const emitterOf = () => Object.assign(new EventEmitter(), { name: 'orders' });

  test('in their order, once with once(), with the emitter as `this`', () => {
    const emitter = emitterOf();
    void new CountedListeners(emitter, new ManualClock());
    const calls: unknown[] = [];
    emitter.once('done', function (this: unknown, ...args) {
      calls.push(['once', this === emitter, ...args]);
    });
    emitter.on('done', (...args) => calls.push(['on', ...args]));
    emitter.prependListener('done', (...args) => calls.push(['first', ...args]));

    expect([emitter.emit('done', 1, 2), emitter.emit('done', 3), emitter.emit('other')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(calls).toEqual([
      ['first', 1, 2],
      ['once', true, 1, 2],
      ['on', 1, 2],
      ['first', 3],
      ['on', 3],
    ]);
  });

  test('an error without a listener is thrown, and errorMonitor sees one with a listener', () => {
    const emitter = emitterOf();
    void new CountedListeners(emitter, new ManualClock());
    const seen: unknown[] = [];
    emitter.on(errorMonitor, () => seen.push('monitor'));
    expect(() => emitter.emit('error', new Error('alone'))).toThrow('alone');
    emitter.on('error', () => seen.push('listener'));
    emitter.emit('error', new Error('heard'));

    expect(seen).toEqual(['monitor', 'monitor', 'listener']);
  });

  test('an async one is counted whatever its arguments', async () => {
    const emitter = emitterOf();
    const counted = new CountedListeners(emitter, new ManualClock());
    const hostile = {
      get jobId(): string {
        throw new Error('hostile');
      },
    };
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    emitter.on('stalled', () => gate);
    emitter.emit('stalled', hostile);
    emitter.emit('stalled', { jobId: 'one' });

    expect(counted.items.map(({ name }) => name)).toEqual(["orders: 'stalled'", "orders: 'stalled' of one"]);
    open();
    await counted.finish();
    expect(counted.items).toEqual([]);
  });

  test('all rejections during the drain are reported together', async () => {
    const emitter = emitterOf();
    const counted = new CountedListeners(emitter, new ManualClock());
    emitter.on('failed', async (why: unknown) => {
      throw why;
    });
    counted.beginDrain();
    emitter.emit('failed', new Error('first'));
    emitter.emit('failed', 'second');

    await expect(counted.finish()).rejects.toMatchObject({
      message: '2 failures: first; threw second instead of an Error',
      errors: [{ message: 'first' }, { cause: 'second' }],
    });
  });

  test('an exception becomes an `error` event, and later listeners are not called', () => {
    const emitter = emitterOf();
    void new CountedListeners(emitter, new ManualClock());
    const seen: unknown[] = [];
    emitter.on('error', ({ message }) => seen.push(message));
    emitter.on('done', () => {
      throw new Error('listener');
    });
    emitter.on('done', () => seen.push('second'));
    emitter.emit('done');

    expect(seen).toEqual(['listener']);
  });
});
