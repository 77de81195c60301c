import { driveClock, type Drive } from '../../lib/testing/drive-clock.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

const NEVER = new Promise<void>(() => undefined);

function driven(clock: ManualClock, promise: Promise<unknown>, drive: Partial<Drive> = {}): Promise<void> {
  return driveClock(clock, promise, {
    patience: () => 20,
    limit: 50,
    activity: () => clock.started,
    isOver: () => false,
    waitingFor: () => 'What is waited for has not come',
    ...drive,
  });
}

const real = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a driven clock', () => {
  test('advances from timer to timer until the promise settles', async () => {
    const clock = new ManualClock();
    await driven(
      clock,
      clock.sleep(3_000).then(() => clock.sleep(4_000)),
    );
    expect(clock.now()).toBe(7_000);
  });

  test('stands still while real work ends by itself', async () => {
    const clock = new ManualClock();
    clock.schedule(() => undefined, 1_000);
    await driven(clock, real(5));
    expect(clock.now()).toBe(0);
  });

  test('stands still while something happens', async () => {
    const clock = new ManualClock();
    clock.schedule(() => undefined, 1_000);
    let steps = 0;
    const work = async (): Promise<void> => {
      for (; steps < 10; steps += 1) await real(5);
    };
    await driven(clock, work(), { activity: () => steps });
    expect(clock.now()).toBe(0);
  });

  test('throws if no timer is scheduled', async () => {
    await expect(driven(new ManualClock(), NEVER)).rejects.toThrow(
      'What is waited for has not come within 50 ms, and no timer is scheduled.',
    );
  });

  test('stops when it is over, even if the promise is pending', async () => {
    const clock = new ManualClock();
    clock.schedule(() => undefined, 1_000);
    await driven(clock, NEVER, { isOver: () => clock.now() === 1_000 });
    expect(clock.now()).toBe(1_000);
  });

  test('ignores a rejection of the promise', async () => {
    const failing = Promise.reject(new Error('broke'));
    await expect(driven(new ManualClock(), failing)).resolves.toBeUndefined();
    await expect(failing).rejects.toThrow('broke');
  });
});
