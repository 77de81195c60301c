import { Inject, Injectable } from '@nestjs/common';
import { NEVER, lastValueFrom, takeUntil } from 'rxjs';
import {
  GracefulShutdown,
  OnShutdown,
  ShutdownConfigurationError,
  ShutdownTimeoutError,
  type ShutdownEvent,
  type ShutdownReason,
} from '../../lib/index.js';
import { bootApplication, taskReport } from './application.js';

/** A provider with a handler that goes on until the test lets it go. */
function slowPool() {
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  class Pool {
    calls = 0;

    @OnShutdown({ timeout: 3_000 })
    end(): Promise<void> {
      this.calls += 1;
      return held;
    }
  }
  return { Pool, letGo: () => letGo() };
}

describe('rule 1: one run for all callers', () => {
  test('all get the same report, and every task runs once', async () => {
    const { Pool, letGo } = slowPool();
    const { shutdown, module, clock } = await bootApplication({ providers: [Pool] });
    const first = shutdown.run('first');
    const second = shutdown.run('second');
    await clock.advance(10);
    const third = shutdown.run({ kind: 'signal', signal: 'SIGTERM' });
    letGo();
    const report = await first;
    expect(await second).toBe(report);
    expect(await third).toBe(report);
    expect(module.get(Pool).calls).toBe(1);
  });

  test('keeps the first reason and lists the others', async () => {
    const { Pool, letGo } = slowPool();
    const { shutdown } = await bootApplication({ providers: [Pool] });
    const ended = shutdown.run('a deployment');
    void shutdown.run();
    void shutdown.run({ kind: 'close' });
    letGo();
    expect(await ended).toMatchObject({
      reason: { kind: 'request', message: 'a deployment' },
      joinedReasons: [{ kind: 'request', message: 'GracefulShutdown.run()' }, { kind: 'close' }],
    });
  });

  test('never runs again', async () => {
    const { Pool, letGo } = slowPool();
    const { shutdown, module, finish } = await bootApplication({ providers: [Pool] });
    letGo();
    const report = await finish();
    expect(await shutdown.run('once more')).toBe(report);
    expect(report.joinedReasons).toEqual([]);
    expect(module.get(Pool).calls).toBe(1);
  });

  test('app.close() joins it, and its hooks run after it', async () => {
    const order: string[] = [];
    class Pool {
      @OnShutdown()
      async end(): Promise<void> {
        await Promise.resolve();
        order.push('handler');
      }

      onModuleDestroy(): void {
        order.push('onModuleDestroy');
      }
    }

    const { shutdown, module } = await bootApplication({ providers: [Pool] });
    const ended = shutdown.run('a deployment');
    await module.close();
    expect(order).toEqual(['handler', 'onModuleDestroy']);
    expect(await ended).toMatchObject({ reason: { kind: 'request', message: 'a deployment' } });
  });

  test('two calls of app.close() run it once', async () => {
    const { Pool, letGo } = slowPool();
    const { module } = await bootApplication({ providers: [Pool] });
    letGo();
    await Promise.all([module.close(), module.close()]);
    expect(module.get(Pool).calls).toBe(1);
  });

  test('a handler that would wait for itself fails immediately, and is listed among the callers', async () => {
    @Injectable()
    class Impatient {
      constructor(@Inject(GracefulShutdown) readonly shutdown: GracefulShutdown) {}

      @OnShutdown({ timeout: 100 })
      async close(): Promise<void> {
        await this.shutdown.run('from within');
      }

      @OnShutdown({ timeout: 100 })
      join(): void {
        void this.shutdown.run('from within');
      }
    }

    const { finish } = await bootApplication({ providers: [Impatient] });
    const report = await finish();
    expect(report.outcome).toBe('failed');
    expect(taskReport(report, 'Impatient.close')).toMatchObject({
      outcome: 'failed',
      durationMs: 0,
      error: { code: 'SHUTDOWN_SELF_WAIT', task: 'Impatient.close' },
    });
    expect(taskReport(report, 'Impatient.join')).toMatchObject({ outcome: 'completed' });
    const asked = { kind: 'request', message: 'from within' };
    expect(report.joinedReasons).toEqual([asked, asked]);
  });
});

describe('a run from a later phase', () => {
  const calls: string[] = [];
  class Broker {
    @OnShutdown('drain')
    cancel(): void {
      calls.push('drain');
    }

    @OnShutdown('close')
    close(): void {
      calls.push('close');
    }
  }

  test('skips the phases before it', async () => {
    calls.length = 0;
    const { shutdown } = await bootApplication({ providers: [Broker] });
    const report = await shutdown.run('a crash', { from: 'close' });
    expect(calls).toEqual(['close']);
    expect(report.phases.map(({ name, skippedBecause }) => [name, skippedBecause])).toEqual([
      ['unready', 'before-from'],
      ['drain', 'before-from'],
      ['flush', 'before-from'],
      ['close', undefined],
    ]);
    expect(report.outcome).toBe('completed');
  });

  test('that is unknown is rejected with the nearest name, and nothing runs', async () => {
    calls.length = 0;
    const { shutdown, recorder, finish } = await bootApplication({ providers: [Broker] });
    await expect(shutdown.run('a crash', { from: 'clsoe' })).rejects.toMatchObject({
      name: 'ShutdownConfigurationError',
      mistakes: [
        {
          code: 'SHUTDOWN_UNKNOWN_PHASE',
          path: 'from',
          message:
            "unknown phase 'clsoe', so nothing ran. Did you mean 'close'? Known: 'unready', 'drain', 'flush', 'close'.",
        },
      ],
    });
    expect(calls).toEqual([]);
    expect(recorder.events).toEqual([]);
    expect(shutdown.state).toEqual({ status: 'idle' });
    await finish();
    expect(calls).toEqual(['drain', 'close']);
  });
});

describe('a registered task', () => {
  test('runs in its phase, even if registered before boot', async () => {
    const calls: string[] = [];
    @Injectable()
    class Sockets {
      constructor(@Inject(GracefulShutdown) shutdown: GracefulShutdown) {
        shutdown.register({ name: 'sockets', phase: 'drain', run: () => calls.push('sockets') });
      }
    }
    const { shutdown, finish, taskNames } = await bootApplication({ providers: [Sockets] });
    const registration = shutdown.register({ name: 'file', run: () => calls.push('file') });
    expect(registration.name).toBe('file');
    expect(taskNames()).toEqual(['sockets', 'file']);
    await finish();
    expect(calls).toEqual(['sockets', 'file']);
  });

  test('closes at the position of its owner', async () => {
    @Injectable()
    class Pool {
      @OnShutdown()
      async end(): Promise<void> {
        await Promise.resolve();
      }
    }
    @Injectable()
    class Users {
      constructor(
        readonly pool: Pool,
        @Inject(GracefulShutdown) readonly shutdown: GracefulShutdown,
      ) {}

      onApplicationBootstrap(): void {
        this.shutdown.register({
          name: 'cursor',
          owner: this,
          run: async () => {
            await Promise.resolve();
          },
        });
      }
    }

    const { finish, recorder } = await bootApplication({ providers: [Pool, Users] });
    await finish();
    expect(() => recorder.expectOrder('cursor', 'Pool.end')).not.toThrow();
  });

  test('does not run after it was unregistered', async () => {
    const calls: string[] = [];
    const { shutdown, finish, taskNames } = await bootApplication({});
    const registration = shutdown.register({ name: 'file', run: () => calls.push('file') });
    expect(registration.unregister()).toBe(true);
    expect(registration.unregister()).toBe(false);
    expect(taskNames()).toEqual([]);
    await finish();
    expect(calls).toEqual([]);
  });

  test('rule 2: does not run again after it was disposed', async () => {
    const reasons: ShutdownReason[] = [];
    const { shutdown, finish } = await bootApplication({});
    const registration = shutdown.register({ name: 'file', run: ({ reason }) => reasons.push(reason) });
    await registration[Symbol.asyncDispose]();
    await registration[Symbol.asyncDispose]();
    expect(reasons).toEqual([{ kind: 'dispose' }]);
    expect(shutdown.state).toEqual({ status: 'idle' });
    await finish();
    expect(reasons).toHaveLength(1);
  });

  test('rule 2: a dispose during the run joins it', async () => {
    let calls = 0;
    let letGo: () => void = () => undefined;
    const { shutdown, clock } = await bootApplication({});
    const registration = shutdown.register({
      name: 'file',
      phase: 'unready',
      run: () => {
        calls += 1;
        return new Promise<void>((resolve) => {
          letGo = resolve;
        });
      },
    });
    const ended = shutdown.run('a test');
    await clock.advance(10);
    const disposed = registration[Symbol.asyncDispose]();
    letGo();
    await disposed;
    await ended;
    expect(calls).toBe(1);
  });

  test('throws ShutdownTimeoutError if its dispose takes too long', async () => {
    const { shutdown, clock } = await bootApplication({});
    const registration = shutdown.register({
      name: 'file',
      timeout: 50,
      run: () => new Promise(() => undefined),
    });
    const disposed = registration[Symbol.asyncDispose]();
    await Promise.all([expect(disposed).rejects.toBeInstanceOf(ShutdownTimeoutError), clock.advance(50)]);
  });

  test('rule 7: in a later phase during the run, runs with that phase', async () => {
    @Injectable()
    class Leader {
      constructor(@Inject(GracefulShutdown) readonly shutdown: GracefulShutdown) {}

      @OnShutdown('drain')
      hand(): void {
        this.shutdown.register({ name: 'late', phase: 'close', run: () => undefined });
      }
    }

    const { finish } = await bootApplication({ providers: [Leader] });
    const { phases } = await finish();
    expect(phases.at(-1)?.tasks).toMatchObject([{ name: 'late', outcome: 'completed' }]);
  });

  test('rule 7: in an ended phase during the run, runs at once, and the run waits', async () => {
    @Injectable()
    class Leader {
      done = false;

      constructor(@Inject(GracefulShutdown) readonly shutdown: GracefulShutdown) {}

      @OnShutdown('close')
      hand(): void {
        this.shutdown.register({
          name: 'straggler',
          phase: 'drain',
          run: async () => {
            await Promise.resolve();
            this.done = true;
          },
        });
      }
    }

    const { finish, module } = await bootApplication({ providers: [Leader] });
    const report = await finish();
    expect(module.get(Leader).done).toBe(true);
    expect(taskReport(report, 'straggler')).toMatchObject({ outcome: 'completed' });
  });

  test('is rejected during the run if it is invalid, and the run goes on', async () => {
    const errors: unknown[] = [];
    @Injectable()
    class Leader {
      constructor(@Inject(GracefulShutdown) readonly shutdown: GracefulShutdown) {}

      @OnShutdown('drain')
      hand(): void {
        try {
          this.shutdown.register({ name: 'late', phase: 'nowhere', run: () => undefined });
        } catch (error) {
          errors.push(error);
        }
      }
    }

    const { finish } = await bootApplication({ providers: [Leader] });
    expect((await finish()).outcome).toBe('completed');
    expect(errors).toEqual([expect.any(ShutdownConfigurationError)]);
  });
});

describe('what the shutdown exposes', () => {
  test('the state goes from idle to running to finished', async () => {
    const { Pool, letGo } = slowPool();
    const { shutdown, clock } = await bootApplication({ providers: [Pool] });
    expect(shutdown.state).toEqual({ status: 'idle' });
    expect(shutdown.report).toBeUndefined();
    const ended = shutdown.run('a deployment');
    await clock.advance(10);
    expect(shutdown.state).toEqual({
      status: 'running',
      reason: { kind: 'request', message: 'a deployment' },
    });
    expect(shutdown.report).toMatchObject({ outcome: 'running' });
    expect(shutdown.awaited.map(({ task }) => task)).toEqual(['Pool.end']);
    letGo();
    const report = await ended;
    expect(shutdown.state).toEqual({ status: 'finished', report });
    expect(shutdown.report).toEqual(report);
  });

  test('a listener of the last event sees the state finished and a complete report', async () => {
    const { shutdown, finish } = await bootApplication({});
    const seen: unknown[] = [];
    shutdown.events$.subscribe(({ type }) => {
      if (type === 'run-finished') seen.push(shutdown.state.status, shutdown.report?.outcome);
    });
    await finish();
    expect(seen).toEqual(['finished', 'completed']);
  });

  test('the signal aborts when the run begins, with its reason', async () => {
    const { shutdown, finish } = await bootApplication({});
    const states: string[] = [];
    shutdown.signal.addEventListener('abort', () => states.push(shutdown.status));
    expect(shutdown.signal.aborted).toBe(false);
    await finish();
    expect(shutdown.signal.aborted).toBe(true);
    expect(shutdown.signal.reason).toEqual({ kind: 'request', message: 'a test' });
    expect(states).toEqual(['running']);
  });

  test('draining$ emits once and completes, also for late subscribers', async () => {
    const { shutdown, finish } = await bootApplication({});
    const seen: unknown[] = [];
    shutdown.draining$.subscribe({ next: (reason) => seen.push(reason), complete: () => seen.push('end') });
    const stopped = lastValueFrom(NEVER.pipe(takeUntil(shutdown.draining$)), { defaultValue: 'stopped' });
    expect(seen).toEqual([]);
    await finish();
    const reason = { kind: 'request', message: 'a test' };
    expect(seen).toEqual([reason, 'end']);
    expect(await stopped).toBe('stopped');
    shutdown.draining$.subscribe((late) => seen.push(late));
    expect(seen).toEqual([reason, 'end', reason]);
  });

  test('events$ emits each event to each subscriber until it unsubscribes', async () => {
    const { shutdown, finish } = await bootApplication({});
    const all: ShutdownEvent[] = [];
    const few: ShutdownEvent[] = [];
    shutdown.events$.subscribe((event) => all.push(event));
    const subscription = shutdown.events$.subscribe((event) => {
      few.push(event);
      subscription.unsubscribe();
    });
    await finish();
    expect(few).toEqual([all[0]]);
    expect(all[0]?.type).toBe('run-started');
    expect(all.at(-1)?.type).toBe('run-finished');
  });

  test('a subscriber that unsubscribes within an event costs the others no event', async () => {
    const { shutdown, finish } = await bootApplication({});
    const seen: string[] = [];
    const first = shutdown.events$.subscribe(() => first.unsubscribe());
    shutdown.events$.subscribe(({ type }) => seen.push(type));
    await finish();
    expect(seen[0]).toBe('run-started');
  });

  test('the plan has the current tasks, and is immutable', async () => {
    const { Pool } = slowPool();
    const { shutdown } = await bootApplication({ providers: [Pool] });
    const before = shutdown.plan();
    shutdown.register({ name: 'file', run: () => undefined });
    const close = (plan: typeof before): unknown => plan.phases.at(-1)?.tasks.map(({ name }) => name);
    expect(close(before)).toEqual(['Pool.end']);
    expect(close(shutdown.plan())).toEqual(['Pool.end', 'file']);
    expect(Object.isFrozen(before)).toBe(true);
  });
});

describe('a reason of another kind than the types allow', () => {
  test.each<readonly [string, unknown, ShutdownReason]>([
    ['an Error', new Error('lost the lease'), { kind: 'request', message: 'lost the lease' }],
    ['a number', 7, { kind: 'request', message: '7' }],
    ['null', null, { kind: 'request', message: 'null' }],
    ['a symbol', Symbol('stop'), { kind: 'request', message: 'Symbol(stop)' }],
    [
      'a request without a message',
      { kind: 'request', message: 7 },
      { kind: 'request', message: '{"kind":"request","message":7}' },
    ],
    ['an unknown kind', { kind: 'whim' }, { kind: 'request', message: '{"kind":"whim"}' }],
  ])('becomes a request with the given value: %s', async (_, given, reason) => {
    const { shutdown, clock, log } = await bootApplication({});
    const report = await clock.runUntil(shutdown.run(given as string));
    expect(report.reason).toEqual(reason);
    expect(log.lines.map(({ text }) => text.split('\n')[0])).toContain(
      `Shutting down: ${reason.kind === 'request' ? reason.message : ''}.`,
    );
  });
});
