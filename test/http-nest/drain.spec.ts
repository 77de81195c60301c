import { GracefulShutdown, type GracefulShutdownOptions } from '../../lib/index.js';
import { ADAPTERS, makeShop, onFastify, openShop, type Create, type Shop } from './shop.js';

/** Asks for an order, closes the application, and lets the order go when the drain has begun. */
async function closeDuringRequest({ app, course, url }: Shop): Promise<string> {
  const answer = fetch(`${url}/orders/7`).then(async (response) => {
    const text = `${response.status} ${await response.text()}`;
    course.say('answered');
    return text;
  });
  await course.until('asked for 7');
  const closed = app.close().then(() => course.say('closed'));
  await course.until('drain');
  course.say('let go 7');
  await closed;
  return answer;
}

const ORDER = ['asked for 7', 'drain', 'let go 7', 'close', 'closed'];

describe.each(ADAPTERS)('an app on %s', (name, create) => {
  test('answers a request in flight before it closes what the request needs', async () => {
    const shop = await openShop(create);

    expect(await closeDuringRequest(shop)).toBe('200 order 7');
    expect(shop.course.happened.filter((what) => what !== 'answered')).toEqual(ORDER);
  });

  test('is closed by Nest without an error, and frees its port', async () => {
    const shop = await openShop(create);
    const port = Number(new URL(shop.url).port);
    await shop.app.close();
    await shop.app.close();
    const next = await create(class Empty {});
    await expect(next.listen(port, '127.0.0.1')).resolves.toBeDefined();
    await next.close();
  });

  test('closes idle connections at once if the shutdown was not requested from outside', async () => {
    const shop = await openShop(create, { http: { idleGrace: 600_000 } });
    shop.course.say('let go 1');
    expect(await (await fetch(`${shop.url}/orders/1`)).text()).toBe('order 1');
    await shop.app.close();
    expect(shop.course.happened.at(-1)).toBe('close');
  });

  test.each<[string, Create, object]>([
    ['forceCloseConnections', create, { forceCloseConnections: true }],
    ['return503OnClosing', create, { return503OnClosing: true }],
    [
      'forceCloseConnections of the adapter',
      name === 'Fastify' ? onFastify({ forceCloseConnections: true }) : create,
      { forceCloseConnections: true },
    ],
  ])('also drains with %s', async (_, make, nestOptions) => {
    const shop = await openShop(make, {}, nestOptions);

    expect(await closeDuringRequest(shop)).toBe('200 order 7');
    expect(shop.course.happened.filter((what) => what !== 'answered')).toEqual(ORDER);
  });

  test('names the requests still in flight when the drain times out', async () => {
    const shop = await openShop(create, {
      phases: [
        { name: 'drain', timeout: 100 },
        { name: 'close', timeout: 1_000 },
      ],
    });
    const answer = fetch(`${shop.url}/orders/42?customer=ann`).catch(() => 'no answer');
    await shop.course.until('asked for 42');
    await shop.app.close();

    expect(await answer).toBe('no answer');
    const { report } = shop.app.get(GracefulShutdown);
    const drain = report?.phases.find((phase) => phase.name === 'drain');
    expect(drain?.tasks.find((task) => task.name === 'HttpDrain')).toMatchObject({
      outcome: 'timed-out',
      inFlight: [{ name: 'GET /orders/:id' }],
    });
    expect(shop.course.happened.at(-1)).toBe('close');
    shop.course.say('let go 42');
  });

  test('drains in the phase named by http.phase', async () => {
    const phases: GracefulShutdownOptions['phases'] = [
      { name: 'drain', timeout: 1_000 },
      { name: 'close', timeout: 1_000 },
      { name: 'http', timeout: 1_000 },
    ];
    const shop = await openShop(create, { phases, http: { phase: 'http' } });
    const answer = fetch(`${shop.url}/orders/7`).then((response) => response.text());
    await shop.course.until('asked for 7');
    const closed = shop.app.close();
    await shop.course.until('close');
    expect(shop.app.getHttpServer().listening).toBe(true);
    shop.course.say('let go 7');
    await closed;

    expect(await answer).toBe('order 7');
    const { report } = shop.app.get(GracefulShutdown);
    expect(report?.phases.at(-1)?.tasks).toMatchObject([{ name: 'HttpDrain', outcome: 'completed' }]);
  });

  test('leaves its server to Nest with http: false', async () => {
    const shop = await openShop(create, { http: false });
    const answer = fetch(`${shop.url}/orders/7`).then((response) => response.text());
    await shop.course.until('asked for 7');
    const closed = shop.app.close();
    await shop.course.until('close');
    expect(shop.app.getHttpServer().listening).toBe(true);
    shop.course.say('let go 7');
    await closed;

    expect(await answer).toBe('order 7');
    const { report } = shop.app.get(GracefulShutdown);
    const names = report?.phases.flatMap(({ tasks }) => tasks.map((task) => task.name)) ?? [];
    expect(names.filter((task) => task.startsWith('HttpDrain'))).toEqual([]);
  });

  test('that never listened closes without waiting', async () => {
    const { app, course } = await makeShop(create, { http: { idleGrace: 600_000 } });
    await app.init();
    await app.close();
    expect(course.happened).toEqual(['drain', 'close']);
  });
});
