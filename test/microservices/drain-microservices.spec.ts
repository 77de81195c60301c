import { Controller } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { EventPattern, Payload } from '@nestjs/microservices';
import { drainMicroservices } from '../../lib/microservices/index.js';
import { bootMistakes, taskReport } from '../nest/application.js';
import { bootWith, drainsOf, Pigeons } from './pigeons.js';

/** Opens the handler that waits. */
let open: () => void = () => undefined;

@Controller()
class Work {
  @EventPattern('wait')
  wait(@Payload() _data: unknown): Promise<void> {
    return new Promise((resolve) => {
      open = resolve;
    });
  }

  @EventPattern('fail')
  async fail(@Payload() _data: unknown): Promise<never> {
    throw new Error('a handler that fails');
  }
}

class PausablePigeons extends Pigeons {
  pause(): unknown {
    this.seen.push('pause');
    return undefined;
  }
}

const NAME = 'MicroserviceDrain (PausablePigeons)';

describe('the options of drainMicroservices()', () => {
  test.each([
    [{ phases: 'drain' }, 'drainMicroservices().phases', 'SHUTDOWN_UNKNOWN_OPTION'],
    [{ phase: 'drian' }, 'drainMicroservices().phase', 'SHUTDOWN_UNKNOWN_PHASE'],
    [{ streams: 'cut' }, 'drainMicroservices().streams', 'SHUTDOWN_INVALID_OPTION'],
    ['drain', 'drainMicroservices()', 'SHUTDOWN_INVALID_OPTION'],
    [null, 'drainMicroservices()', 'SHUTDOWN_INVALID_OPTION'],
  ])('%j are refused', async (options, path, code) => {
    const mistakes = await bootMistakes({ shutdown: { features: [drainMicroservices(options as never)] } });
    expect(mistakes).toMatchObject([{ code, path }]);
  });

  test('name the phase', async () => {
    const { shutdown } = await bootWith([new PausablePigeons()], { drain: { phase: 'flush' } });
    expect(drainsOf(shutdown)).toEqual([`flush: ${NAME}`]);
  });
});

describe('the microservice servers of an app', () => {
  test('are drained by one task each, with a unique name', async () => {
    const { shutdown } = await bootWith([new PausablePigeons(), new PausablePigeons()]);
    expect(drainsOf(shutdown)).toEqual([`drain: ${NAME}`, `drain: ${NAME} #2`]);
  });

  test('are all paused before Nest closes any of them', async () => {
    const servers = [new PausablePigeons(), new PausablePigeons()];
    const { app, clock } = await bootWith(servers);
    await clock.runUntil(app.close());
    for (const { seen } of servers) expect(seen).toEqual(['listen', 'pause', 'close']);
  });

  test('are not drained if they never listened', async () => {
    const server = new PausablePigeons();
    const { clock, shutdown } = await bootWith([server], { listen: false });
    const report = await clock.runUntil(shutdown.run('a test'));
    expect(taskReport(report, NAME)).toMatchObject({ outcome: 'completed' });
    expect(server.seen).toEqual([]);
  });

  test('that Nest does not report are logged as not drained', async () => {
    const told = ModulesContainer.prototype.getRpcTargetRegistry;
    Reflect.deleteProperty(ModulesContainer.prototype, 'getRpcTargetRegistry');
    try {
      const { log } = await bootWith([new PausablePigeons()]);
      expect(log.warnings).toEqual([
        expect.stringMatching(/^Incoming microservice traffic is not drained: .*getRpcTargetRegistry/),
      ]);
    } finally {
      ModulesContainer.prototype.getRpcTargetRegistry = told;
    }
  });

  test('that lack members needed by the drain are logged as not drained', async () => {
    class Bare {
      listen(callback: () => void): void {
        callback();
      }

      close(): void {}

      pause(): void {}
    }
    const { log } = await bootWith([new Bare()]);
    expect(log.warnings).toEqual(['Bare is not drained: its server has no addHandler.']);
  });
});

describe('a message in flight', () => {
  test('is waited for, and named with its age while waiting', async () => {
    const server = new PausablePigeons();
    const { clock, log, shutdown } = await bootWith([server], { controllers: [Work] });
    void server.deliver('wait');
    await clock.advance(500);
    const run = shutdown.run('a test');
    await clock.advance(5_000);
    expect(log.warnings).toContainEqual(
      expect.stringMatching(/'MicroserviceDrain \(PausablePigeons\)'.*wait 5\.5 s/),
    );
    open();
    expect(taskReport(await clock.runUntil(run), NAME)).toMatchObject({ outcome: 'completed' });
  });

  test('is named with its age in the report if it outlasts the phase', async () => {
    const server = new PausablePigeons();
    const { clock, shutdown } = await bootWith([server], {
      controllers: [Work],
      shutdown: { phases: [{ name: 'drain', timeout: 1_500 }] },
    });
    void server.deliver('wait');
    const report = await clock.runUntil(shutdown.run('a test'));
    expect(taskReport(report, NAME)).toMatchObject({
      outcome: 'timed-out',
      durationMs: 1_500,
      inFlight: [{ name: 'wait', ageMs: 1_500 }],
    });
    open();
  });

  test('ends when its handler fails', async () => {
    const server = new PausablePigeons();
    const { clock, shutdown } = await bootWith([server], { controllers: [Work] });
    await server.deliver('fail').catch(() => undefined);
    const report = await clock.runUntil(shutdown.run('a test'));
    expect(taskReport(report, NAME)).toMatchObject({ outcome: 'completed' });
  });

  test('is waited for even if stopping the server fails, and the failure is reported', async () => {
    class Broken extends Pigeons {
      pause(): never {
        throw new Error('The pigeons do not listen.');
      }
    }
    const server = new Broken();
    const { clock, shutdown } = await bootWith([server], { controllers: [Work] });
    void server.deliver('wait');
    const run = shutdown.run('a test');
    await clock.advance(2_000);
    expect(shutdown.state.status).toBe('running');
    open();
    expect(taskReport(await clock.runUntil(run), 'MicroserviceDrain (Broken)')).toMatchObject({
      outcome: 'failed',
      error: expect.objectContaining({ message: 'The pigeons do not listen.' }),
    });
  });
});

describe('a custom strategy', () => {
  test('can pause asynchronously', async () => {
    const pausing: (() => void)[] = [];
    class Slow extends Pigeons {
      pause(): Promise<void> {
        return new Promise((resolve) => pausing.push(resolve));
      }
    }
    const { clock, shutdown } = await bootWith([new Slow()]);
    const run = shutdown.run('a test');
    await clock.advance(1_000);
    expect(shutdown.state.status).toBe('running');
    for (const resolve of pausing) resolve();
    expect(taskReport(await clock.runUntil(run), 'MicroserviceDrain (Slow)')).toMatchObject({
      outcome: 'completed',
    });
  });

  test('without pause() logs a warning, and only its earlier messages are waited for', async () => {
    const server = new Pigeons();
    const { clock, log, shutdown } = await bootWith([server], { controllers: [Work] });
    expect(log.warnings).toContainEqual(
      expect.stringMatching(/^Pigeons is not drained: it has no pause\(\)/),
    );
    void server.deliver('wait');
    await clock.advance(0);
    const openEarly = open;
    const run = shutdown.run('a test');
    await clock.advance(1_000);
    void server.deliver('wait');
    await clock.advance(1_000);
    expect(shutdown.state.status).toBe('running');
    openEarly();
    const report = await clock.runUntil(run);
    expect(taskReport(report, 'MicroserviceDrain (Pigeons)')).toMatchObject({
      outcome: 'completed',
      durationMs: 2_000,
    });
    open();
  });
});
