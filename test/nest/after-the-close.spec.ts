import type { INestApplication } from '@nestjs/common';
import { GracefulShutdown, enableGracefulShutdown } from '../../lib/index.js';
import { FakeProcess } from '../../lib/testing/fake-process.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { RecordedLog, testingModule, type ApplicationParts } from './application.js';

const IS_CLOSED = 'the application is closed and cannot start again. Create a new one.';

/** An application in a process and on a clock of its own. */
async function application(parts: ApplicationParts = {}) {
  const clock = new ManualClock(1_000_000);
  const log = new RecordedLog();
  const fake = new FakeProcess();
  const module = await testingModule(parts, { clock, log, process: fake }).compile();
  const app = enableGracefulShutdown(module.createNestApplication({ logger: false }));
  return { app, clock, log, fake, shutdown: app.get(GracefulShutdown) };
}

/** Whether a promise settles within some turns of the event loop. */
async function settles(promise: Promise<unknown>): Promise<boolean> {
  let isSettled = false;
  const note = (): void => void (isSettled = true);
  promise.then(note, note);
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return isSettled;
}

describe('a closed application', () => {
  test.each<[string, (app: INestApplication) => unknown]>([
    ['init', (app) => app.init()],
    ['listen', (app) => app.listen(0)],
    ['startAllMicroservices', (app) => app.startAllMicroservices()],
    ['connectMicroservice', async (app) => app.connectMicroservice({})],
  ])('does not start again: %s() rejects with a reason and a remedy', async (method, start) => {
    const { app } = await application();
    await app.init();
    await app.close();
    await expect(start(app)).rejects.toThrow(`${method}(): ${IS_CLOSED}`);
  });

  test('does not start again if it was closed before it started', async () => {
    const { app } = await application();
    await app.close();
    await expect(app.listen(0)).rejects.toThrow(IS_CLOSED);
  });

  test("does not start again after a signal with exit: 'none', although the process goes on", async () => {
    const { app, fake } = await application({ shutdown: { exit: 'none' } });
    await app.init();
    fake.emitSignal('SIGTERM');
    await app.close();
    await expect(app.listen(0)).rejects.toThrow(IS_CLOSED);
  });

  test('rejects a start that was called during the close, once it is closed', async () => {
    const { app } = await application();
    await app.init();
    const closed = app.close();
    await Promise.all([closed, expect(app.listen(0)).rejects.toThrow(IS_CLOSED)]);
  });
});

test('never settles a start that meets a signal, since a rejection in main() would cut the drain', async () => {
  const { app, fake, shutdown } = await application();
  fake.emitSignal('SIGTERM');
  await shutdown.finished;
  const listening = app.listen(0);
  await app.close();
  expect(await settles(listening)).toBe(false);
});

test('rejects and logs a close whose Nest hook hangs, near the end of the grace period', async () => {
  class Stuck {
    onModuleDestroy(): Promise<never> {
      return new Promise(() => undefined);
    }
  }
  const { app, clock, log } = await application({ providers: [Stuck], shutdown: { gracePeriod: 5_000 } });
  await app.init();
  const closed = app.close();
  await expect(clock.runUntil(closed, 60_000)).rejects.toThrow('did not end within 4500 ms');
  expect(clock.now()).toBe(1_004_500);
  expect(log.lines.filter(({ level }) => level === 'error').map(({ text }) => text)).toEqual([
    expect.stringContaining('Nest could not close the application: a Nest hook or the close of a server'),
  ]);
});

describe('GracefulShutdown.exit()', () => {
  test('waits for shutdownDelay like a signal, closes, and sets its exit code', async () => {
    const { app, fake, clock, shutdown } = await application({ shutdown: { shutdownDelay: 2_000 } });
    await app.listen(0, '127.0.0.1');
    shutdown.exit({ reason: 'the queue is empty', code: 3 });
    await clock.runUntil(shutdown.finished);
    await app.close();

    expect(shutdown.report).toMatchObject({
      reason: { kind: 'exit', message: 'the queue is empty', code: 3 },
      outcome: 'completed',
    });
    expect(clock.now() - 1_000_000).toBeGreaterThanOrEqual(2_000);
    await clock.advance(0);
    expect(fake.exitCode).toBe(3);
  });

  test.each([-1, 256, 1.5, Number.NaN])('rejects the code %d without starting a shutdown', async (code) => {
    const { app, shutdown } = await application();
    expect(() => shutdown.exit({ code })).toThrow('expected an integer from 0 to 255');
    expect(shutdown.status).toBe('idle');
    await app.close();
  });

  test('throws if enableGracefulShutdown(app) was not called', async () => {
    const module = await testingModule({}, { clock: new ManualClock(), log: new RecordedLog() }).compile();
    expect(() => module.get(GracefulShutdown).exit()).toThrow('enableGracefulShutdown(app) was not called');
    await module.close();
  });
});

describe('an output whose reader has gone does not end the process', () => {
  /** Whether each line came when the output was kept from ending the process. */
  async function linesOf(act: (parts: Awaited<ReturnType<typeof application>>) => Promise<unknown>) {
    const parts = await application({ providers: [Slow] });
    const kept: (readonly [line: string, isKept: boolean])[] = [];
    const note = (text: string): void =>
      void kept.push([text.split(/[ :(]/).slice(0, 3).join(' '), parts.fake.keepsWriting]);
    Object.assign(parts.log, { log: note, warn: note, error: note });
    await act(parts);
    return kept;
  }

  class Slow {
    async onModuleInit(): Promise<void> {
      await new Promise(setImmediate);
    }
  }

  test('on the line that says what a disposed task asks for, before the run', async () => {
    const kept = await linesOf(async ({ app, clock, shutdown }) => {
      await app.init();
      const tenant = shutdown.register({ name: 'tenant', run: () => app.close() });
      await clock.runUntil(tenant[Symbol.asyncDispose]());
    });
    expect(kept).toContainEqual(["'tenant' calls app.close", true]);
  });

  test('on the line that says that a start is awaited', async () => {
    const kept = await linesOf(async ({ app, clock }) => {
      const started = app.init();
      const closed = app.close();
      await Promise.allSettled([started, clock.runUntil(closed)]);
    });
    expect(kept).toContainEqual(['Asked to shut', true]);
  });
});
