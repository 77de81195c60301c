import { ProcessGuard } from '../../lib/process/process-guard.js';
import { deadlinePassed, escalated, fatalError, keptAlive } from '../../lib/process/process-notices.js';
import type { Notice } from '../../lib/notice.js';
import { FakeProcess } from '../../lib/testing/fake-process.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { FakeApplication } from './fake-application.js';

const SIGTERM = { kind: 'signal', signal: 'SIGTERM' };
const SIGINT = { kind: 'signal', signal: 'SIGINT' };
const MESSAGE = { kind: 'message' };

/** What is listened to in any case, whatever an application asks for. */
const ALWAYS = ['beforeExit', 'disconnect', 'exit', 'own signal'];

/** The events that are listened to since an application asked for them. */
function askedFor({ listenedTo }: FakeProcess): readonly string[] {
  return listenedTo.filter((event) => !ALWAYS.includes(event));
}

function guarded(...applications: readonly FakeApplication[]) {
  const clock = new ManualClock(1_000_000);
  const process = new FakeProcess();
  const told: Notice[] = [];
  const guard = new ProcessGuard(process, clock, (notice) => told.push(notice));
  const seats = applications.map((application) => guard.attach(application));
  /** Lets promises do what they have to do; no time passes. */
  const settle = () => clock.advance(0);
  return { clock, process, told, guard, seats, settle };
}

describe('listening', () => {
  test('has one listener per requested event, shared by all applications', () => {
    const { process } = guarded(
      new FakeApplication({ ipc: true }),
      new FakeApplication({ signals: ['SIGTERM', 'SIGHUP'], fatalErrors: true }),
    );

    expect([...askedFor(process)].toSorted()).toEqual([
      'SIGHUP',
      'SIGINT',
      'SIGTERM',
      'message',
      'uncaughtException',
      'unhandledRejection',
    ]);
  });

  test('removes a listener when the last application that needs it leaves', () => {
    const { process, seats } = guarded(
      new FakeApplication({ ipc: true, fatalErrors: true }),
      new FakeApplication({ signals: ['SIGTERM'] }),
    );

    seats[0]?.leave();
    expect(askedFor(process)).toEqual(['SIGTERM']);
    seats[1]?.leave();
    expect(process.listenedTo).toEqual([]);
  });

  test("adds signals to an application's own, except those that no process can handle", () => {
    const application = new FakeApplication({ signals: [] });
    const { process, seats } = guarded(application);

    seats[0]?.listenTo(['SIGUSR2', 'SIGKILL', 'message']);
    expect(askedFor(process)).toEqual(['SIGUSR2']);
    process.emitSignal('SIGUSR2');
    expect(application.reasons).toEqual([{ kind: 'signal', signal: 'SIGUSR2' }]);
  });

  test('sends no triggers to an application that has left', () => {
    const application = new FakeApplication();
    const { process, seats } = guarded(application);

    seats[0]?.leave();
    process.emitSignal('SIGTERM');
    expect(application.reasons).toEqual([]);
    expect(process.killedBy).toEqual(['SIGTERM']);
  });
});

describe('the end after a signal', () => {
  test('sets exit code 0 after a clean close, and lets the process exit by itself', async () => {
    const application = new FakeApplication();
    const { process, clock, settle } = guarded(application);

    process.emitSignal('SIGTERM');
    expect(application.reasons).toEqual([SIGTERM]);
    expect(process.exitCode).toBeUndefined();
    application.finish();
    await settle();

    expect(process.exitCode).toBe(0);
    expect(process.exits).toEqual([]);
    await clock.advance(999);
    expect(process.exits).toEqual([]);
  });

  test.each([
    ['a task did not complete', (application: FakeApplication) => application.finish('unclean')],
    ['the close rejects', (application: FakeApplication) => application.fail(new Error('no'))],
  ])('sets exit code 1 if %s', async (_, end) => {
    const application = new FakeApplication();
    const { process, settle } = guarded(application);

    process.emitSignal('SIGTERM');
    end(application);
    await settle();

    expect(process.exitCode).toBe(1);
  });

  test('names after one second what keeps the process alive, and exits with its code', async () => {
    const application = new FakeApplication();
    const { process, clock, told, settle } = guarded(application);
    process.keptAliveBy = ['1 × Timeout'];

    process.emitSignal('SIGTERM');
    application.finish('unclean');
    await settle();
    await clock.advance(1_000);

    expect(told).toEqual([keptAlive({ afterMs: 1_000, leftovers: ['1 × Timeout'] })]);
    expect(process.exits).toEqual([1]);
    expect(application.ends).toEqual([{ kind: 'kept-alive', leftovers: ['1 × Timeout'] }]);
  });

  test("re-raises the signal with exit: 'signal' after removing all listeners", async () => {
    const application = new FakeApplication({ exit: 'signal' });
    const { process, settle } = guarded(application);

    process.emitSignal('SIGINT');
    application.finish();
    await settle();

    expect(process.raised).toEqual(['SIGINT']);
    expect(process.killedBy).toEqual(['SIGINT']);
  });

  test("sets an exit code with exit: 'signal' if the trigger was not a signal", async () => {
    const application = new FakeApplication({ exit: 'signal', ipc: true });
    const { process, settle } = guarded(application);

    process.emitMessage('shutdown');
    application.finish();
    await settle();

    expect({ raised: process.raised, code: process.exitCode }).toEqual({ raised: [], code: 0 });
  });

  test("keeps the process running with exit: 'none', sets its exit code, and watches again", async () => {
    const application = new FakeApplication({ exit: 'none' });
    const { process, clock, guard, settle } = guarded(application);

    process.emitSignal('SIGTERM');
    await clock.advance(60_000);
    application.finish('unclean');
    await settle();
    await clock.advance(60_000);

    expect({ exits: process.exits, code: process.exitCode }).toEqual({ exits: [], code: 1 });
    expect(process.listenedTo).toEqual([]);
    const next = new FakeApplication();
    guard.attach(next);
    expect(next.reasons).toEqual([]);
    process.emitSignal('SIGTERM');
    expect(next.reasons).toEqual([SIGTERM]);
  });
});

describe('a process that leaves', () => {
  test('is not killed by a repeated signal', async () => {
    const application = new FakeApplication();
    const { process, clock, settle } = guarded(application);

    process.emitSignal('SIGTERM');
    application.finish();
    await settle();
    await clock.advance(5);
    process.emitSignal('SIGTERM');
    process.emitSignal('SIGINT');

    expect({ killedBy: process.killedBy, exits: process.exits }).toEqual({ killedBy: [], exits: [] });
    expect(application.reasons).toEqual([SIGTERM]);
  });

  test('removes its message and error listeners, so that the channel does not keep it alive', async () => {
    const application = new FakeApplication({ ipc: true, fatalErrors: true });
    const { process, settle } = guarded(application);

    process.emitMessage('shutdown');
    application.finish();
    await settle();

    expect(askedFor(process)).toEqual(['SIGTERM', 'SIGINT']);
  });

  test('closes an application created meanwhile, within its deadline', async () => {
    const application = new FakeApplication();
    const late = new FakeApplication();
    const { process, clock, guard, settle } = guarded(application);

    process.emitSignal('SIGTERM');
    application.finish();
    await settle();
    guard.attach(late);
    expect(late.reasons).toEqual([SIGTERM]);
    await clock.advance(1_000);

    expect(process.exits).toEqual([0]);
  });
});

describe('escalation', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ])('%s after one second exits immediately and names what is abandoned', async (signal, code) => {
    const { process, clock, told } = guarded(new FakeApplication());

    process.emitSignal('SIGTERM');
    await clock.advance(1_000);
    process.emitSignal(signal);

    expect(process.exits).toEqual([code]);
    expect(told).toEqual([escalated({ signal, afterMs: 1_000, abandoned: ['app.task'] })]);
  });

  test('repeated signals within one second of the first are ignored', async () => {
    const application = new FakeApplication();
    const { process, clock, told } = guarded(application);

    for (let repeat = 0; repeat < 3; repeat += 1) {
      process.emitSignal('SIGTERM');
      await clock.advance(333);
    }

    expect({ exits: process.exits, told }).toEqual({ exits: [], told: [] });
    expect(application.reasons).toEqual([SIGTERM]);
  });

  test('the first signal after a message does not escalate, the second does', async () => {
    const application = new FakeApplication({ ipc: true });
    const { process, clock } = guarded(application);

    process.emitMessage('shutdown');
    await clock.advance(5_000);
    process.emitSignal('SIGTERM');
    expect(process.exits).toEqual([]);
    expect(application.reasons).toEqual([MESSAGE, SIGTERM]);
    await clock.advance(1_000);
    process.emitSignal('SIGTERM');

    expect(process.exits).toEqual([143]);
  });

  test('a further message never escalates', async () => {
    const application = new FakeApplication({ ipc: true });
    const { process, clock } = guarded(application);

    process.emitMessage('shutdown');
    await clock.advance(5_000);
    process.emitMessage('shutdown');

    expect(process.exits).toEqual([]);
    expect(application.reasons).toEqual([MESSAGE, MESSAGE]);
  });

  test("messages other than 'shutdown' are ignored", () => {
    const application = new FakeApplication({ ipc: true });
    const { process } = guarded(application);

    process.emitMessage({ type: 'shutdown' });
    process.emitMessage('reload');

    expect(application.reasons).toEqual([]);
  });
});

describe('the deadline', () => {
  test('exits with code 1 and names what is abandoned', async () => {
    const { process, clock, told } = guarded(new FakeApplication({ exitLimit: 2_500 }));

    process.emitSignal('SIGTERM');
    await clock.advance(2_499);
    expect(process.exits).toEqual([]);
    await clock.advance(1);

    expect(process.exits).toEqual([1]);
    expect(told).toEqual([deadlinePassed({ afterMs: 2_500, abandoned: ['app.task'] })]);
  });

  test('names the open handles if no task is running, such as a socket that keeps a server open', async () => {
    const application = new FakeApplication({ exitLimit: 2_500 });
    Object.assign(application, { running: () => [] });
    const { process, clock, told } = guarded(application);
    process.keptAliveBy = ['tcp 127.0.0.1:3000 -> 127.0.0.1:5000'];

    process.emitSignal('SIGTERM');
    await clock.advance(2_500);

    const leftovers = ['tcp 127.0.0.1:3000 -> 127.0.0.1:5000'];
    expect(told).toEqual([deadlinePassed({ afterMs: 2_500, abandoned: [], leftovers })]);
  });

  test("is the earliest of all applications, except those with exit: 'none'", async () => {
    const { process, clock } = guarded(
      new FakeApplication({ exitLimit: 5_000 }),
      new FakeApplication({ exitLimit: 3_000 }),
      new FakeApplication({ exitLimit: 1_000, exit: 'none' }),
    );

    process.emitSignal('SIGTERM');
    await clock.advance(2_999);
    expect(process.exits).toEqual([]);
    await clock.advance(1);

    expect(process.exits).toEqual([1]);
  });

  test('leaves no timer behind if everything closes before it', async () => {
    const application = new FakeApplication({ exit: 'none' });
    const other = new FakeApplication();
    const { process, clock, settle, seats } = guarded(application, other);

    process.emitSignal('SIGTERM');
    // The deadline, and the time in which a signal counts as the same one.
    expect(clock.pending).toBe(2);
    application.finish();
    other.finish();
    await settle();

    // The one that is left sees to it that the process leaves.
    expect(clock.pending).toBe(1);
    seats[0]?.leave();
    await clock.advance(1_000);
    expect(process.exits).toEqual([0]);
    expect(clock.pending).toBe(0);
  });
});

describe('fatal errors', () => {
  const boom = new Error('boom');

  test.each(['uncaughtException', 'unhandledRejection'] as const)(
    '%s closes the application, and the process exits with code 1 even after a clean close',
    async (origin) => {
      const application = new FakeApplication({ fatalErrors: true });
      const { process, told, settle } = guarded(application);

      process.emitFatal(origin, boom);
      expect(application.reasons).toEqual([{ kind: 'error', error: boom, origin }]);
      application.finish();
      await settle();

      expect(process.exitCode).toBe(1);
      expect(told).toEqual([fatalError({ error: boom, origin, second: false })]);
    },
  );

  test('a second one exits immediately', () => {
    const { process, told } = guarded(new FakeApplication({ fatalErrors: true }));

    process.emitFatal('uncaughtException', boom);
    process.emitFatal('unhandledRejection', 'second');

    expect(process.exits).toEqual([1]);
    expect(told.at(-1)).toEqual(fatalError({ error: 'second', origin: 'unhandledRejection', second: true }));
  });

  test('one during a shutdown by a signal joins it, and the process exits with code 1', async () => {
    const application = new FakeApplication({ fatalErrors: true });
    const { process, settle } = guarded(application);

    process.emitSignal('SIGTERM');
    process.emitFatal('uncaughtException', boom);
    expect(process.exits).toEqual([]);
    expect(application.reasons).toEqual([
      SIGTERM,
      { kind: 'error', error: boom, origin: 'uncaughtException' },
    ]);
    application.finish();
    await settle();

    expect(process.exitCode).toBe(1);
  });
});

describe('several applications', () => {
  test('exit the process after all have closed, with the worst of their codes', async () => {
    const first = new FakeApplication();
    const second = new FakeApplication();
    const { process, settle } = guarded(first, second);

    process.emitSignal('SIGTERM');
    first.finish('unclean');
    await settle();
    expect(process.exitCode).toBeUndefined();
    second.finish();
    await settle();

    expect(process.exitCode).toBe(1);
  });

  test('a remaining application keeps the process running and watched', async () => {
    const stops = new FakeApplication({ signals: ['SIGUSR2'] });
    const stays = new FakeApplication({ signals: ['SIGTERM'] });
    const { process, clock, settle } = guarded(stops, stays);

    process.emitSignal('SIGUSR2');
    stops.finish('unclean');
    await settle();
    await clock.advance(60_000);
    expect({ code: process.exitCode, exits: process.exits }).toEqual({ code: undefined, exits: [] });
    expect(stays.reasons).toEqual([]);
    expect(askedFor(process)).toEqual(['SIGTERM']);

    process.emitSignal('SIGTERM');
    stays.finish();
    await settle();
    expect(process.exitCode).toBe(0);
  });

  test('a signal that is the first for one of them does not escalate for the others', async () => {
    const stops = new FakeApplication({ signals: ['SIGUSR2'] });
    const stays = new FakeApplication({ signals: ['SIGTERM'] });
    const { process, clock, settle } = guarded(stops, stays);

    process.emitSignal('SIGUSR2');
    await clock.advance(5_000);
    process.emitSignal('SIGTERM');
    expect(process.exits).toEqual([]);
    expect(stays.reasons).toEqual([SIGTERM]);

    stops.finish();
    await settle();
    expect(process.exitCode).toBeUndefined();
    stays.finish();
    await settle();
    expect(process.exitCode).toBe(0);
  });

  test('an application created while the process is ending closes with the others', async () => {
    const application = new FakeApplication();
    const late = new FakeApplication();
    const { process, guard, settle } = guarded(application);

    process.emitSignal('SIGINT');
    guard.attach(late);
    expect(late.reasons).toEqual([SIGINT]);
    application.finish();
    await settle();
    expect(process.exitCode).toBeUndefined();
    late.finish();
    await settle();

    expect(process.exitCode).toBe(0);
  });

  test('an application that closes by itself is removed, and the process exits for the other', async () => {
    const closed = new FakeApplication();
    const application = new FakeApplication();
    const { process, settle, seats } = guarded(closed, application);

    seats[0]?.leave();
    process.emitSignal('SIGTERM');
    application.finish();
    await settle();

    expect(closed.reasons).toEqual([]);
    expect(process.exitCode).toBe(0);
  });
});

describe('applications learn what forces the exit before the process exits', () => {
  test('from a second signal, all that are closing', async () => {
    const applications = [new FakeApplication(), new FakeApplication()];
    const { process, clock } = guarded(...applications);

    process.emitSignal('SIGTERM');
    await clock.advance(1_000);
    process.emitSignal('SIGINT');

    const end = { kind: 'escalation', signal: 'SIGINT' };
    expect(applications.map(({ ends }) => ends)).toEqual([[end], [end]]);
    expect(process.exits).toEqual([130]);
  });

  test('at the end of the grace period', async () => {
    const application = new FakeApplication();
    const { process, clock } = guarded(application);

    process.emitSignal('SIGTERM');
    await clock.advance(29_500);

    expect(application.ends).toEqual([{ kind: 'deadline' }]);
    expect(process.exits).toEqual([1]);
  });

  test('from a second fatal error', () => {
    const application = new FakeApplication({ fatalErrors: true });
    const { process } = guarded(application);

    process.emitFatal('uncaughtException', new Error('first'));
    process.emitFatal('uncaughtException', new Error('second'));

    expect(application.ends).toEqual([{ kind: 'fatal-error', error: new Error('second') }]);
  });
});
