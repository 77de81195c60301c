import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Exchange } from '../../lib/http/exchange.js';

function exchangeOf(url: string, extra: object = {}): Exchange {
  const request = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url }, extra);
  return new Exchange(request, new ServerResponse(request), 100);
}

test.each([
  ['/orders', '/orders'],
  ['/orders?customer=ann@example.com', '/orders'],
  ['/orders#top', '/orders'],
  ['/', '/'],
  ['/orders/42', '/orders/:id'],
  ['/orders/42/lines/7', '/orders/:id/lines/:id'],
  ['/v2/orders', '/v2/orders'],
  ['/orders/0f8fad5b-d9cb-469f-a165-70867728950e', '/orders/:id'],
  ['/orders/507f1f77bcf86cd799439011', '/orders/:id'],
  ['/orders/01ARZ3NDEKTSV4RRFFQ69G5FAV', '/orders/:id'],
  ['/orders/V1StGXR8_Z5jdHi6B-myT', '/orders/:id'],
  ['/users/ann@example.com/orders', '/users/:id/orders'],
  ['/users/ann%40example.com', '/users/:id'],
  ['/price-list/of-yesterday', '/price-list/of-yesterday'],
])('a request to %s is named by %s', (url, named) => {
  expect(exchangeOf(url).item(250)).toEqual({ name: `GET ${named}`, ageMs: 150 });
});

test('a request is named by the route that Express matched', () => {
  const matched = { route: { path: '/orders/:order' }, baseUrl: '/shops/42' };
  expect(exchangeOf('/shops/42/orders/abc?x=1', matched).item(100).name).toBe('GET /shops/:id/orders/:order');
});

test('a route that is not a string does not name a request', () => {
  expect(exchangeOf('/orders/7', { route: { path: /x/ } }).item(100).name).toBe('GET /orders/:id');
});

test('the path of a request is its original path', () => {
  const exchange = exchangeOf('/api/poll?since=1');
  exchange.request.url = '/poll';
  expect(exchange.path).toBe('/api/poll');
});
