/* oxlint-disable unicorn/no-thenable -- what a logger may return is the subject */
import { Logger, type LoggerService } from '@nestjs/common';
import { OnShutdown } from '../../lib/index.js';
import { bootGivenUp, listenerFailed, runsLate } from '../../lib/lifecycle/lifecycle-notices.js';
import { noticeLines } from '../../lib/process/notice-lines.js';
import { ShutdownLog } from '../../lib/logging/shutdown-log.js';
import { FINDING_CODES, finding } from '../../lib/startup-checks/finding.js';
import { bootApplication } from '../nest/application.js';

/** Keeps what each method was called with. */
function recordingLogger(): { readonly logger: LoggerService; readonly calls: unknown[][] } {
  const calls: unknown[][] = [];
  const method =
    (name: string) =>
    (...args: unknown[]): void =>
      void calls.push([name, ...args]);
  return { logger: { log: method('log'), warn: method('warn'), error: method('error') }, calls };
}

class Broken {
  @OnShutdown()
  close(): void {
    throw new Error('no');
  }
}

describe('the log', () => {
  test('takes each line to the method of its level', () => {
    const { logger, calls } = recordingLogger();
    const log = new ShutdownLog(logger);
    log.event({ type: 'run-joined', at: 0, reason: { kind: 'close' } });
    log.notice(bootGivenUp(10));
    log.notice(listenerFailed('no'));
    expect(calls.map(([level]) => level)).toEqual(['log', 'warn', 'error']);
    expect(calls.map((args) => args.length)).toEqual([2, 2, 2]);
  });

  test.each(FINDING_CODES)('is silent about the finding %s when `doctor` ignores it', (code) => {
    const { logger, calls } = recordingLogger();
    new ShutdownLog(logger).notice(finding(code, 'Something is wrong.'));
    new ShutdownLog(logger, [code]).notice(finding(code, 'Something is wrong.'));
    expect(calls).toEqual([
      ['warn', `Something is wrong. Silence this with doctor: { ignore: ['${code}'] }.`],
    ]);
  });

  test('gives the stack of an error beside its text', () => {
    const { logger, calls } = recordingLogger();
    const error = new Error('no');
    new ShutdownLog(logger).notice(listenerFailed(error));
    expect(calls).toEqual([['error', expect.stringContaining('no'), error.stack]]);
  });

  test('says nothing of an event that has no sentence', () => {
    const { logger, calls } = recordingLogger();
    new ShutdownLog(logger).event({ type: 'phase-started', at: 0, phase: 'close', taskCount: 0 });
    expect(calls).toEqual([]);
  });

  test('calls the methods on the logger', () => {
    class Own implements LoggerService {
      readonly lines: string[] = [];
      log(text: string): void {
        this.lines.push(text);
      }
      warn(): void {}
      error(): void {}
    }
    const logger = new Own();
    new ShutdownLog(logger).event({ type: 'run-joined', at: 0, reason: { kind: 'close' } });
    expect(logger.lines).toEqual(['Already shutting down; also asked by: app.close().']);
  });

  test('goes nowhere with false', () => {
    const log = new ShutdownLog(false);
    expect(() => log.notice(runsLate())).not.toThrow();
  });

  test('goes to the logger of Nest where none is given', () => {
    const { logger, calls } = recordingLogger();
    Logger.overrideLogger(logger);
    try {
      new ShutdownLog(undefined).event({ type: 'run-joined', at: 0, reason: { kind: 'close' } });
    } finally {
      Logger.overrideLogger(false);
    }
    expect(calls).toEqual([
      ['log', 'Already shutting down; also asked by: app.close().', 'GracefulShutdown'],
    ]);
  });
});

describe('a logger that fails', () => {
  const disk = new Error('disk full');
  const refuse = (): never => {
    throw disk;
  };
  const reject = (): Promise<never> => Promise.reject(disk);
  const never = (): Promise<never> => new Promise(() => undefined);
  const loggers: readonly (readonly [string, () => unknown])[] = [
    ['that throws', refuse],
    ['that rejects', reject],
    ['whose promise never settles', never],
    ['that returns a thenable which throws', () => ({ then: refuse })],
  ];

  test.each(loggers)('%s harms neither the boot nor the run', async (_, method) => {
    const logger = Object.fromEntries(['log', 'warn', 'error'].map((level) => [level, method]));
    const { finish } = await bootApplication({
      providers: [Broken],
      shutdown: { logger: logger as unknown as LoggerService },
    });
    const { outcome, phases } = await finish();
    expect(outcome).toBe('failed');
    expect(phases.find(({ name }) => name === 'close')?.tasks).toMatchObject([
      { name: 'Broken.close', outcome: 'failed' },
    ]);
  });

  test.each(loggers.filter(([, method]) => method !== never))(
    '%s has its lines written to standard error',
    async (_, method) => {
      const written: string[] = [];
      const log = new ShutdownLog({ log: method, warn: method, error: method }, [], (notice) =>
        written.push(...noticeLines(notice)),
      );
      log.event({ type: 'run-joined', at: 0, reason: { kind: 'close' } });
      await new Promise(setImmediate);
      expect(written).toEqual(['[GracefulShutdown] Already shutting down; also asked by: app.close().']);
    },
  );
});

describe('a thrown value that cannot be turned into text', () => {
  test.each<[string, unknown]>([
    ['thrown', Object.create(null)],
    ['as the cause of an error', new Error('no', { cause: Object.create(null) })],
  ])('%s harms neither the run nor those who wait for it', async (_, thrown) => {
    class Strange {
      @OnShutdown()
      close(): void {
        throw thrown;
      }
    }

    const { shutdown, finish } = await bootApplication({ providers: [Strange] });
    const { outcome } = await finish();
    expect(outcome).toBe('failed');
    expect(shutdown.state.status).toBe('finished');
  });

  test('as the reason still aborts the signal and is told', async () => {
    const error: unknown = Object.create(null);
    const { shutdown, clock, log } = await bootApplication({});
    const reason = { kind: 'error', error, origin: 'uncaughtException' } as const;
    await clock.runUntil(shutdown.run(reason));
    expect(shutdown.signal.reason).toBe(reason);
    expect(log.lines.map(({ text }) => text)).toContain(
      'Shutting down: an uncaught exception, a value without a message.',
    );
  });
});

describe('the lines of an application', () => {
  test('tell the plan at boot, then why it shuts down, what failed, and how it went', async () => {
    const { finish, log } = await bootApplication({ providers: [Broken] });
    await finish();
    expect(log.lines.map(({ level, text }) => `${level}: ${text.split('\n')[0]}`)).toEqual([
      'log: The shutdown plan:',
      'log: Shutting down: a test.',
      "error: 'Broken.close' in phase 'close' failed: no",
      'warn: Shut down in 0 ms: failed.',
    ]);
  });

  test('are none with logger: false', async () => {
    const { finish, log } = await bootApplication({ providers: [Broken], shutdown: { logger: false } });
    await finish();
    expect(log.lines).toEqual([]);
  });
});
