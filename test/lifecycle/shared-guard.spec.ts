import { guardOf } from '../../lib/process/shared-guard.js';
import type { Notice } from '../../lib/notice.js';
import { FakeProcess } from '../../lib/testing/fake-process.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { FakeApplication } from './fake-application.js';

/** A process in which what is logged is printed at once, as by Nest's Logger. */
class PrintingProcess extends FakeProcess {
  override isWritten(log: () => void): boolean {
    log();
    return true;
  }
}

const KEPT =
  '[GracefulShutdown] The shutdown ended 1.0 s ago, but the process is kept alive by a pool: ending it now.';

/** An application that logs to a place, and what it was given there. */
function logging(place: unknown) {
  const notices: Notice[] = [];
  const log = { place, notice: (notice: Notice): void => void notices.push(notice) };
  return { app: new FakeApplication({ log }), kinds: () => notices.map(({ code }) => code) };
}

/** Lets applications close, and the process not leave by itself. */
async function keptAlive(process: FakeProcess, apps: readonly FakeApplication[]): Promise<void> {
  const clock = new ManualClock(1_000_000);
  const guard = guardOf(process, clock);
  process.keptAliveBy = ['a pool'];
  for (const app of apps) guard.attach(app);
  process.emitSignal('SIGTERM');
  for (const app of apps) app.finish();
  await clock.advance(1_000);
}

describe('a notice of the process guard', () => {
  test("goes to the application's logger and to standard error", async () => {
    const process = new PrintingProcess();
    const { app, kinds } = logging({});
    await keptAlive(process, [app]);
    expect(kinds()).toEqual(['kept-alive']);
    expect(process.lines).toEqual([KEPT]);
  });

  test("is not written twice if Nest's Logger has printed it", async () => {
    const process = new PrintingProcess();
    const { app, kinds } = logging(undefined);
    await keptAlive(process, [app]);
    expect(kinds()).toEqual(['kept-alive']);
    expect(process.lines).toEqual([]);
  });

  test("is written if Nest's Logger has printed nothing", async () => {
    const process = new FakeProcess();
    await keptAlive(process, [logging(undefined).app]);
    expect(process.lines).toEqual([KEPT]);
  });

  test('goes nowhere if every application has logger: false', async () => {
    const process = new FakeProcess();
    const first = logging(false);
    const second = logging(false);
    await keptAlive(process, [first.app, second.app]);
    expect([...first.kinds(), ...second.kinds(), ...process.lines]).toEqual([]);
  });

  test('is logged once per logger, however many applications share it', async () => {
    const process = new FakeProcess();
    const shared = {};
    const apps = [logging(shared), logging(shared), logging({}), logging(false)];
    await keptAlive(
      process,
      apps.map(({ app }) => app),
    );
    expect(apps.flatMap(({ kinds }) => kinds())).toEqual(['kept-alive', 'kept-alive']);
    expect(process.lines).toEqual([KEPT]);
  });

  test('reports a second signal and a fatal error too', () => {
    const process = new FakeProcess();
    const clock = new ManualClock(1_000_000);
    const { app, kinds } = logging({});
    const guard = guardOf(process, clock);
    guard.attach(Object.assign(app, { fatalErrors: true }));
    process.emitFatal('uncaughtException', new Error('boom'));
    process.emitFatal('uncaughtException', Object.assign(new Error('x'), { message: ['again'] }));
    expect(kinds()).toEqual(['fatal-error', 'fatal-error']);
    expect(process.lines.filter((line) => line.startsWith('[GracefulShutdown]'))).toEqual([
      '[GracefulShutdown] Uncaught exception: boom',
      '[GracefulShutdown] Uncaught exception during a shutdown that another one started, ending now: again',
    ]);
  });
});

test('protects the process from broken outputs as soon as the shutdown is triggered', () => {
  const process = new FakeProcess();
  guardOf(process, new ManualClock(0)).attach(new FakeApplication());
  expect(process.keepsWriting).toBe(false);
  process.emitSignal('SIGTERM');
  expect(process.keepsWriting).toBe(true);
});
