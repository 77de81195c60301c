import { Startup } from '../../lib/lifecycle/startup.js';

/** A start that ends when the test says so. */
function pendingStart() {
  let resolve: (value: string) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<string>((...settle) => {
    [resolve, reject] = settle;
  });
  return { start: () => promise, resolve: () => resolve('started'), reject };
}

const PARKED = Promise.resolve('parked');

describe('a start', () => {
  test('is in progress until it settles, and returns its result', async () => {
    const startup = new Startup();
    const { start, resolve } = pendingStart();

    expect(startup.isUnderWay).toBe(false);
    const tracked = startup.track(start);
    expect(startup.isUnderWay).toBe(true);
    resolve();

    await expect(tracked).resolves.toBe('started');
    expect(startup.isUnderWay).toBe(false);
  });

  test.each([
    ['rejects', () => Promise.reject(new Error('port in use'))],
    [
      'throws',
      () => {
        throw new Error('port in use');
      },
    ],
  ])('that %s passes on its error and ends', async (_, start) => {
    const startup = new Startup();

    await expect(startup.track(start)).rejects.toThrow('port in use');
    expect(startup.isUnderWay).toBe(false);
  });
});

describe('the gate', () => {
  test('closes when every start has ended, successfully or not', async () => {
    const startup = new Startup();
    const first = pendingStart();
    const second = pendingStart();
    const tracked = [startup.track(first.start), startup.track(second.start)];
    const order: string[] = [];
    const closed = startup.close(PARKED).then(() => order.push('closed'));

    first.resolve();
    await tracked[0];
    order.push('first ended');
    second.reject(new Error('no'));
    await expect(tracked[1]).rejects.toThrow('no');
    await closed;

    expect(order).toEqual(['first ended', 'closed']);
  });

  test('lets a nested start pass inside one that it waits for', async () => {
    const startup = new Startup();
    const { start, resolve } = pendingStart();
    const started: string[] = [];
    const outer = startup.track(async () => {
      await start();
      await startup.track(() => started.push('inner'));
      started.push('outer');
    });
    const closed = startup.close(PARKED);
    resolve();
    await closed;
    await outer;

    expect(started).toEqual(['inner', 'outer']);
  });

  test('starts nothing once it is closed, and returns the promise that closed it', async () => {
    const startup = new Startup();
    const started: string[] = [];
    await startup.close(PARKED);

    await expect(startup.track(() => started.push('late'))).resolves.toBe('parked');
    expect(started).toEqual([]);
    expect(startup.isUnderWay).toBe(false);
  });

  test('shuts without waiting, and keeps the first promise that closed it', async () => {
    const startup = new Startup();
    const { start, resolve } = pendingStart();
    const tracked = startup.track(start);

    startup.shut(PARKED);
    startup.shut(Promise.resolve('other'));
    await expect(startup.track(start)).resolves.toBe('parked');
    resolve();
    await expect(tracked).resolves.toBe('started');
  });
});

test('reports the outcome of each start', async () => {
  const ends: string[] = [];
  const startup = new Startup((outcome) => ends.push(outcome));
  await startup.track(() => 'done');
  await expect(startup.track(() => Promise.reject(new Error('port in use')))).rejects.toThrow('port in use');
  expect(ends).toEqual(['started', 'failed']);
});
