import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import { PIPELINE_LIMIT } from '../../lib/http/connection.js';
import { RawClient } from './raw-client.js';
import { HTTP1, portOf, serve } from './servers.js';

/** What one read of Node holds at most. */
const READ = 65_536;

const requests = (from: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `/${from + index}`);

/** Resolves when nothing has come for a while. */
async function settled(held: readonly unknown[]): Promise<void> {
  for (let before = -1; before !== held.length;) {
    before = held.length;
    await sleep(100);
  }
}

describe.each(HTTP1)('the requests on one connection to a node:%s server', (kind, create) => {
  test('are followed in linear time', async () => {
    const took: number[] = [];
    for (const count of [2_000, 16_000]) {
      const held: ServerResponse[] = [];
      const drained = await serve(create((_, response) => void held.push(response)));
      const client = await RawClient.connect(kind, portOf(drained.server));
      client.get(...requests(0, count));
      while (held.length < count) await sleep(5);
      const from = performance.now();
      drained.leave();
      took.push(performance.now() - from);
      drained.sever();
    }

    const [few = 0, many = 0] = took;
    // Eight times as many; with a copy of all for each it was more than sixty times as long, and 20 s.
    expect(many).toBeLessThan(24 * Math.max(few, 20));
  });

  test('wait in a bounded number while clients disconnect, and all are answered', async () => {
    const held: ServerResponse[] = [];
    const answered: string[] = [];
    let mode: 'hold' | 'answer' = 'hold';
    const answer = (response: ServerResponse): void => {
      answered.push(response.req.url ?? '');
      response.end(`<${response.req.url}>`);
    };
    const drained = await serve(
      create((_, response) => {
        if (mode === 'hold') held.push(response);
        else setImmediate(() => answer(response));
      }),
    );
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get('/0');
    while (held.length === 0) await sleep(5);
    drained.leave();
    const paths = requests(1, 5_000);
    client.get(...paths);
    await settled(held);

    const ofOneRead = READ / 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n'.length;
    expect(held.length).toBeGreaterThanOrEqual(PIPELINE_LIMIT);
    expect(held.length).toBeLessThan(PIPELINE_LIMIT + 2 * ofOneRead);
    mode = 'answer';
    for (const response of held) answer(response);
    while (answered.length <= paths.length) await sleep(5);
    await drained.drain(0);
    await client.gone;

    expect(client.text.match(/<.*?>/g)).toEqual(['/0', ...paths].map((path) => `<${path}>`));
    expect(client.text.match(/^connection: close/gim)?.length ?? 0).toBeLessThanOrEqual(1);
  });

  test('wait in a bounded number once clients are to disconnect, even if more waited before', async () => {
    const held: ServerResponse[] = [];
    const drained = await serve(create((_, response) => void held.push(response)));
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get(...requests(0, 2_000));
    while (held.length < 2_000) await sleep(5);
    drained.leave();
    await sleep(10);
    client.get(...requests(2_000, 8_000));
    await settled(held);

    expect(held.length).toBeLessThan(2_000 + READ / 20);
    drained.sever();
  });

  test('let a large upload behind them continue after the others are answered', async () => {
    const held: ServerResponse[] = [];
    let body = 0;
    const drained = await serve(
      create((request, response) => {
        if (request.method === 'GET') held.push(response);
        else
          request
            .on('data', (chunk: Buffer) => (body += chunk.length))
            .on('end', () => response.end('whole'));
      }),
    );
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.get(...requests(0, PIPELINE_LIMIT + 10));
    while (held.length < PIPELINE_LIMIT + 10) await sleep(5);
    drained.leave();
    client.send(
      `POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(1_000_000)}`,
    );
    await sleep(100);
    const drain = drained.drain(0);
    for (const response of held) response.end('now');
    await client.received('whole');
    await drain;

    expect(body).toBe(1_000_000);
    expect(await client.gone).toBe('end');
  });
});
