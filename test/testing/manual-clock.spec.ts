import { ManualClock } from '../../lib/testing/manual-clock.js';

describe('a manual clock', () => {
  test('stands still until it is advanced', async () => {
    const clock = new ManualClock(500);
    expect(clock.now()).toBe(500);
    await clock.advance(20);

    expect(clock.now()).toBe(520);
  });

  test('fires timers in order, each at its own time', async () => {
    const clock = new ManualClock();
    const fired: [string, number][] = [];
    const note = (name: string) => () => void fired.push([name, clock.now()]);
    clock.schedule(note('later'), 20);
    clock.schedule(note('first'), 10);
    clock.schedule(note('second'), 10);
    clock.schedule(note('too late'), 31);
    await clock.advance(30);

    expect(fired).toEqual([
      ['first', 10],
      ['second', 10],
      ['later', 20],
    ]);
    expect(clock.pending).toBe(1);
  });

  test('runs promise reactions before the next timer fires', async () => {
    const clock = new ManualClock();
    const order: string[] = [];
    const chain = clock.sleep(10).then(async () => {
      await undefined;
      order.push('promise');
    });
    clock.schedule(() => order.push('timer'), 10);
    await clock.advance(10);
    await chain;

    expect(order).toEqual(['promise', 'timer']);
  });

  test('fires timers scheduled on the way', async () => {
    const clock = new ManualClock();
    const fired: number[] = [];
    clock.schedule(() => {
      clock.schedule(() => fired.push(clock.now()), 5);
    }, 5);
    await clock.advance(10);

    expect(fired).toEqual([10]);
  });

  test('does not fire cancelled timers', async () => {
    const clock = new ManualClock();
    let calls = 0;
    const timer = clock.schedule(() => (calls += 1), 5);
    timer.unref();
    timer.cancel();
    timer.cancel();
    await clock.advance(10);

    expect(calls).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('advances from timer to timer until a promise settles, and no further', async () => {
    const clock = new ManualClock();
    const answer = (async () => {
      await clock.sleep(10);
      await clock.sleep(15);
      return 'done';
    })();
    clock.schedule(() => undefined, 1_000);

    await expect(clock.runUntil(answer)).resolves.toBe('done');
    expect(clock.now()).toBe(25);
    expect(clock.pending).toBe(1);
  });

  test('rejects with the rejection of the promise', async () => {
    const clock = new ManualClock();
    const failing = clock.sleep(10).then(() => {
      throw new Error('broke');
    });

    await expect(clock.runUntil(failing)).rejects.toThrow('broke');
  });

  test('throws if the promise can never settle', async () => {
    await expect(new ManualClock().runUntil(new Promise(() => undefined))).rejects.toThrow(
      'No timer is scheduled, so the promise can never settle on this clock.',
    );
  });

  test('gives up on a timer that reschedules itself forever', async () => {
    const clock = new ManualClock();
    const again = (): void => void clock.schedule(again, 100);
    again();

    await expect(clock.runUntil(new Promise(() => undefined), 1_000)).rejects.toThrow(
      'The promise did not settle within 1000 ms of this clock.',
    );
  });
});
