import { setFlagsFromString } from 'node:v8';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { RawClient } from './raw-client.js';
import { HTTP1, portOf, serve } from './servers.js';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

/** Resolves when everything that nobody holds is gone. */
async function collected(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (typeof collect === 'function') collect();
  }
}

test.each(HTTP1)(
  'a node:%s server releases an answered request after 100 ms, with its connection still open',
  async (kind, create) => {
    const requests: WeakRef<object>[] = [];
    const drained = await serve(
      create((request, response) => {
        requests.push(new WeakRef(request));
        request.resume().on('end', () => response.end('answered'));
      }),
    );
    const client = await RawClient.connect(kind, portOf(drained.server));
    client.send('POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1');
    await client.received('answered');
    await sleep(150);
    await collected();

    expect(requests.map((request) => request.deref())).toEqual([undefined]);
    expect(drained.items).toEqual([]);
    expect(client.socket.destroyed).toBe(false);
  },
);
