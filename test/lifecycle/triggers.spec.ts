import { ProcessGuard } from '../../lib/process/process-guard.js';
import { cutShort } from '../../lib/process/process-notices.js';
import type { Notice } from '../../lib/notice.js';
import type { Clock } from '../../lib/run/clock.js';
import { FakeProcess } from '../../lib/testing/fake-process.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { FakeApplication } from './fake-application.js';
import { StallingClock } from './stalling-clock.js';

function guardOn(clock: Clock, applications: readonly FakeApplication[]) {
  const process = new FakeProcess();
  const told: Notice[] = [];
  const guard = new ProcessGuard(process, clock, (notice) => told.push(notice));
  const seats = applications.map((application) => guard.attach(application));
  return { process, told, guard, seats };
}

function guarded(...applications: readonly FakeApplication[]) {
  const clock = new ManualClock(1_000_000);
  return { clock, ...guardOn(clock, applications), settle: () => clock.advance(0) };
}

describe('a process with an empty event loop', () => {
  test('closes its applications before it exits', async () => {
    const application = new FakeApplication({ signals: [] });
    const { process, settle } = guarded(application);

    process.emitBeforeExit();
    expect(application.reasons).toEqual([{ kind: 'before-exit' }]);
    application.finish('unclean');
    await settle();
    expect(process.exitCode).toBe(1);
  });

  test("keeps Node's exit code after a clean close", async () => {
    const application = new FakeApplication();
    const { process, settle } = guarded(application);

    process.emitBeforeExit();
    application.finish();
    await settle();
    process.emitBeforeExit();

    expect(process.exitCode).toBeUndefined();
    expect(application.reasons).toHaveLength(1);
  });

  test('closes nothing after its application has left', () => {
    const application = new FakeApplication();
    const { process, seats } = guarded(application);
    seats[0]?.leave();
    process.emitBeforeExit();
    expect(application.reasons).toEqual([]);
  });
});

describe('a worker of a cluster', () => {
  test('closes when the primary disconnects it', async () => {
    const application = new FakeApplication({ signals: [] });
    const { process, settle } = guarded(application);

    process.emitDisconnect();
    expect(application.reasons).toEqual([{ kind: 'disconnect' }]);
    application.finish();
    await settle();
    expect(process.exitCode).toBe(0);
  });

  test('still listens for a disconnect while leaving, which would exit with code 0', async () => {
    const application = new FakeApplication();
    const { process, settle } = guarded(application);

    process.emitSignal('SIGTERM');
    application.finish('unclean');
    await settle();
    expect(process.listenedTo).toContain('disconnect');
    process.emitDisconnect();
    expect(application.reasons).toHaveLength(1);
  });
});

describe('an AbortSignal of the options', () => {
  test('closes only its own application, with its reason', async () => {
    const controller = new AbortController();
    const application = new FakeApplication({ abortSignal: controller.signal });
    const other = new FakeApplication();
    guarded(application, other);

    controller.abort('the job is over');
    expect(application.reasons).toEqual([{ kind: 'abort', error: 'the job is over' }]);
    expect(other.reasons).toEqual([]);
  });

  test('that has already aborted closes the application immediately', () => {
    const application = new FakeApplication({ abortSignal: AbortSignal.abort('over') });
    guarded(application);
    expect(application.reasons).toEqual([{ kind: 'abort', error: 'over' }]);
  });

  test('has no listener after its application has left', () => {
    const controller = new AbortController();
    const application = new FakeApplication({ abortSignal: controller.signal });
    const { seats } = guarded(application);
    seats[0]?.leave();
    controller.abort();
    expect(application.reasons).toEqual([]);
  });
});

describe('a request to exit', () => {
  const request = { kind: 'exit', message: 'the queue is empty', code: 3 } as const;

  test('closes every application of the process, and exits with the requested code', async () => {
    const applications = [new FakeApplication({ signals: [] }), new FakeApplication()];
    const { process, seats, settle } = guarded(...applications);

    seats[0]?.exit(request);
    expect(applications.map(({ reasons }) => reasons)).toEqual([[request], [request]]);
    for (const each of applications) each.finish();
    await settle();
    expect(process.exitCode).toBe(3);
  });

  test.each([
    ['requests no code', {}, 1],
    ['requests code 0', { code: 0 }, 1],
    ['requests code 3', { code: 3 }, 3],
  ])('that %s after a failed shutdown exits with code %o', async (_, asked, code) => {
    const application = new FakeApplication();
    const { process, seats, settle } = guarded(application);
    seats[0]?.exit({ kind: 'exit', message: 'done', ...asked });
    application.finish('unclean');
    await settle();
    expect(process.exitCode).toBe(code);
  });

  test('joins a shutdown by a signal, and its code counts', async () => {
    const application = new FakeApplication();
    const { process, seats, clock, settle } = guarded(application);
    process.emitSignal('SIGTERM');
    await clock.advance(5_000);
    seats[0]?.exit(request);
    expect(process.exits).toEqual([]);
    application.finish();
    await settle();
    expect(process.exitCode).toBe(3);
  });

  test('exits the process even after its application has closed and left', async () => {
    const application = new FakeApplication();
    const { process, seats, settle, clock } = guarded(application);
    application.finish();
    seats[0]?.leave();
    seats[0]?.exit(request);
    await settle();
    expect(process.exitCode).toBe(3);
    await clock.advance(1_000);
    expect(process.exits).toEqual([3]);
  });

  test("sets the exit code with exit: 'none'", async () => {
    const application = new FakeApplication({ exit: 'none' });
    const { process, seats, settle } = guarded(application);
    seats[0]?.exit(request);
    application.finish();
    await settle();
    expect(process.exitCode).toBe(3);
  });
});

describe('an exit code set by the application', () => {
  test.each([
    ['42 after a clean shutdown', 42, 'clean', 42],
    ['42 after a failed shutdown', 42, 'unclean', 42],
    ['0 after a failed shutdown', 0, 'unclean', 1],
  ] as const)('is kept unless it is 0: %s', async (_, set, outcome, code) => {
    const application = new FakeApplication();
    const { process, settle } = guarded(application);
    process.emitSignal('SIGTERM');
    process.exitCode = set;
    application.finish(outcome);
    await settle();
    expect(process.exitCode).toBe(code);
  });

  test('is kept when the process is forced to exit, and at the deadline', async () => {
    for (const outcome of ['kept alive', 'hung'] as const) {
      const application = new FakeApplication({ exitLimit: 2_000 });
      const { process, clock } = guarded(application);
      process.exitCode = 42;
      process.emitSignal('SIGTERM');
      if (outcome === 'kept alive') application.finish();
      await clock.advance(2_000);
      expect(process.exits).toEqual([42]);
    }
  });
});

describe('a foreign process.exit()', () => {
  test('during the run is reported with its source location, and gets a nonzero code', () => {
    const { process, told } = guarded(new FakeApplication());
    process.emitSignal('SIGTERM');
    process.emitExit(0, 'sdk.js:3:1');

    expect(told).toEqual([cutShort({ code: 0, caller: 'sdk.js:3:1', abandoned: ['app.task'] })]);
    expect(process.exitCode).toBe(1);
  });

  test('keeps its own nonzero code', () => {
    const { process } = guarded(new FakeApplication());
    process.emitSignal('SIGTERM');
    process.emitExit(7);
    expect(process.exitCode).toBe(7);
  });

  test('does not hide a failed shutdown with code 0', async () => {
    const application = new FakeApplication();
    const { process, told, settle } = guarded(application);
    process.emitSignal('SIGTERM');
    application.finish('unclean');
    await settle();
    process.emitExit(0);
    expect({ code: process.exitCode, told }).toEqual({ code: 1, told: [] });
  });

  test('is in the report with the final exit code', () => {
    const { process, guard } = guarded(new FakeApplication());
    const codes: number[] = [];
    guard.onExit((code) => codes.push(code));
    process.emitSignal('SIGTERM');
    process.emitExit(0);
    expect(codes).toEqual([1]);
  });

  test("is left alone before a trigger, and with exit: 'none'", () => {
    const { process, told } = guarded(new FakeApplication({ exit: 'none' }));
    process.emitExit(0);
    process.emitSignal('SIGTERM');
    process.emitExit(0);
    expect(process.exitCode).toBe(0);
    expect(told).toHaveLength(1);
  });
});

describe('a signal that the process sends to itself', () => {
  test('never escalates while the process is ending: another owner of the end may re-raise it', async () => {
    const application = new FakeApplication();
    const { process, clock } = guarded(application);
    process.emitSignal('SIGTERM');
    await clock.advance(1_500);
    process.emitOwnSignal('SIGTERM');
    expect(process.exits).toEqual([]);
    process.emitSignal('SIGTERM');
    expect(process.exits).toEqual([143]);
  });

  test('starts the shutdown like one from outside', () => {
    const application = new FakeApplication();
    const { process } = guarded(application);
    process.emitOwnSignal('SIGTERM');
    expect(application.reasons).toEqual([{ kind: 'signal', signal: 'SIGTERM' }]);
  });
});

describe('work started by a beforeExit listener', () => {
  test('is awaited until near the end of the grace period, not for one second', async () => {
    const application = new FakeApplication({ exitLimit: 9_500 });
    const { process, clock, settle } = guarded(application);
    process.emitSignal('SIGTERM');
    application.finish();
    await settle();
    await clock.advance(500);
    process.emitBeforeExit();
    await clock.advance(8_999);
    expect(process.exits).toEqual([]);
    await clock.advance(1);
    expect(process.exits).toEqual([0]);
  });
});

describe('a process stalled past a deadline', () => {
  function stalling(application: FakeApplication) {
    const clock = new StallingClock();
    return { clock, ...guardOn(clock, [application]) };
  }

  test('gets one more turn before the deadline exits it', async () => {
    const application = new FakeApplication({ exitLimit: 5_000 });
    const { clock, process } = stalling(application);
    process.emitSignal('SIGTERM');
    clock.stall(60_000);
    // What has arrived meanwhile is read in the turn that follows.
    clock.manual.schedule(() => application.finish(), 5_000);
    await clock.manual.advance(5_000);
    expect({ exits: process.exits, code: process.exitCode }).toEqual({ exits: [], code: 0 });
  });

  test('exits if that turn does not finish its work', async () => {
    const { clock, process } = stalling(new FakeApplication({ exitLimit: 5_000 }));
    process.emitSignal('SIGTERM');
    clock.stall(60_000);
    await clock.manual.advance(5_100);
    expect(process.exits).toEqual([1]);
  });

  test('counts a signal delivered twice meanwhile as one', async () => {
    const { clock, process } = stalling(new FakeApplication());
    process.emitSignal('SIGTERM');
    clock.stall(10_000);
    clock.manual.schedule(() => process.emitSignal('SIGTERM'), 1_000);
    await clock.manual.advance(1_000);
    expect(process.exits).toEqual([]);
    process.emitSignal('SIGTERM');
    expect(process.exits).toEqual([143]);
  });
});
