import { get } from 'node:http';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { ADAPTERS, openShop } from './shop.js';

describe.each(ADAPTERS)('an @Sse() stream on %s', (_, create) => {
  test.each<[string, Record<string, string>]>([
    ['an EventSource', { accept: 'text/event-stream' }],
    ['a client that accepts anything', { accept: '*/*' }],
    ['a client without an Accept header', {}],
  ])('read by %s ends with a complete body, and its source is unsubscribed', async (__, headers) => {
    const { app, course, url } = await openShop(create, { http: { sse: { event: { data: 'bye' } } } });
    const [response]: IncomingMessage[] = await once(get(`${url}/events`, { headers }), 'response');
    if (response === undefined) throw new Error('There is no response.');
    let body = '';
    response.setEncoding('utf8').on('data', (text: string) => (body += text));
    while (!body.includes('first')) await once(response, 'data');
    const ended = once(response, 'end');
    await app.close();
    await ended;

    expect(response.complete).toBe(true);
    expect(body.endsWith('data: first\n\ndata: bye\n\n')).toBe(true);
    expect(course.happened).toEqual(['subscribed', 'drain', 'unsubscribed', 'close']);
  });
});
