import { once } from 'node:events';
import { connect } from 'node:http2';
import { CERTIFICATE } from '../http/certificate.js';
import { onFastify, openShop, type Create } from './shop.js';

const KINDS: readonly (readonly [string, Create])[] = [
  ['plain', onFastify({ http2: true })],
  ['TLS', onFastify({ http2: true, https: CERTIFICATE })],
];

describe.each(KINDS)('an app on Fastify with HTTP/2 over %s', (kind, create) => {
  test('sends GOAWAY at the drain, finishes the stream in flight, and closes', async () => {
    const { app, course, url } = await openShop(create);
    const session = connect(url.replace(/^http:/, kind === 'TLS' ? 'https:' : 'http:'), {
      rejectUnauthorized: false,
    });
    const goaway = once(session, 'goaway');
    const closed = once(session, 'close');
    const stream = session.request({ ':path': '/orders/7' });
    const answered = once(stream, 'response');
    let body = '';
    stream.on('data', (chunk: Buffer) => (body += chunk.toString()));
    await course.until('asked for 7');
    const closing = app.close();
    await goaway;
    course.say('let go 7');
    await closing;
    await closed;

    const [headers] = await answered;
    expect(headers[':status']).toBe(200);
    expect(body).toBe('order 7');
    expect(course.happened).toEqual(['asked for 7', 'drain', 'let go 7', 'close']);
  });

  test('closes even if a session stays open', async () => {
    const { app, url } = await openShop(create);
    const session = connect(url.replace(/^http:/, kind === 'TLS' ? 'https:' : 'http:'), {
      rejectUnauthorized: false,
    });
    await once(session, 'remoteSettings');
    const closed = once(session, 'close');
    await app.close();
    await closed;
    expect(app.getHttpServer().listening).toBe(false);
  });
});
