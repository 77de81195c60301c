import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { BegunExchanges } from '../../lib/http/begun-exchanges.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

/** A request that is in flight until its response is ended. */
function exchange(path: string): [IncomingMessage, ServerResponse] {
  const request = new IncomingMessage(new Socket());
  request.url = path;
  return [request, new ServerResponse(request)];
}

/** Ends it as Node does once everything is with the kernel. */
function answer(response: ServerResponse): void {
  response.end();
  Reflect.set(response, 'outputSize', 0);
}

describe('begun exchanges', () => {
  test('list unfinished exchanges in their order, without finished ones', () => {
    const begun = new BegunExchanges(new ManualClock());
    const exchanges = ['/a', '/b', '/c', '/d'].map(exchange);
    for (const [request, response] of exchanges) begun.add(request, response);
    for (const [, response] of exchanges.slice(1, 3)) answer(response);

    expect(begun.inFlight.map(({ path }) => path)).toEqual(['/a', '/d']);
  });

  test('count a request once if the server emits it twice', () => {
    const begun = new BegunExchanges(new ManualClock());
    const [request, response] = exchange('/upload');
    begun.add(request, response);
    begun.add(...exchange('/b'));
    begun.add(request, response);

    expect(begun.inFlight.map(({ path }) => path)).toEqual(['/upload', '/b']);
  });

  test('drop an exchange when its client disconnects', () => {
    const begun = new BegunExchanges(new ManualClock());
    const [request, response] = exchange('/a');
    begun.add(request, response);
    request.socket.destroy();

    expect(begun.inFlight).toEqual([]);
  });

  test('keep every unfinished exchange while many others come and go', () => {
    const begun = new BegunExchanges(new ManualClock());
    const paths = Array.from({ length: 500 }, (_, index) => `/${index}`);
    for (const path of paths) {
      const [request, response] = exchange(path);
      begun.add(request, response);
      if (Number(path.slice(1)) % 5 !== 0) answer(response);
    }

    expect(begun.inFlight.map(({ path }) => path)).toEqual(paths.filter((_, index) => index % 5 === 0));
  });

  test('record the start time with a resolution of 100 ms', async () => {
    const clock = new ManualClock();
    const begun = new BegunExchanges(clock);
    const early: number[] = [];
    for (let index = 0; index < 10; index += 1) {
      const [request, response] = exchange('/a');
      begun.add(request, response);
      early.push(begun.inFlight.at(-1)?.item(clock.now()).ageMs ?? -1);
      await clock.advance(30);
    }

    expect(early).toEqual([0, 30, 60, 90, 20, 50, 80, 10, 40, 70]);
  });

  test('leave no timer behind once they are taken or all finished', async () => {
    const clock = new ManualClock();
    const begun = new BegunExchanges(clock);
    const [request, response] = exchange('/a');
    begun.add(request, response);
    await clock.advance(100);
    expect(clock.pending).toBe(1);
    answer(response);
    await clock.advance(100);
    expect(clock.pending).toBe(0);
    begun.add(...exchange('/b'));

    expect(begun.take().map(({ path }) => path)).toEqual(['/b']);
    expect(clock.pending).toBe(0);
    expect(begun.inFlight).toEqual([]);
  });
});
