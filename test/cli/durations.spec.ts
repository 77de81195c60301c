import { readDuration, readTimeSpan } from '../../lib/cli/durations.js';

test.each([
  ['30s', 30_000],
  ['1m30s', 90_000],
  ['1500ms', 1_500],
  ['0.5s', 500],
  ['1h5m30s20ms', 3_930_020],
  [' 10s ', 10_000],
  ['2000us', 2],
])('reads the duration %s as %d ms', (text, ms) => {
  expect(readDuration(text)).toBe(ms);
});

test.each(['30', '', 's', '30 seconds', '30x', '-5s', '1s foo', '10constructor'])(
  'rejects the duration %j',
  (text) => {
    expect(readDuration(text)).toBeUndefined();
  },
);

test.each([
  ['90', 90_000],
  ['1min 30s', 90_000],
  ['1m30s', 90_000],
  ['2 hours', 7_200_000],
  ['500ms', 500],
  ['1.5', 1_500],
  ['1M', 2_630_016_000],
  ['infinity', Infinity],
  ['0', Infinity],
])('reads the systemd time span %s as %d ms', (text, ms) => {
  expect(readTimeSpan(text)).toBe(ms);
});

test.each(['', 'ever', '5 parsecs', 'min'])('rejects the systemd time span %j', (text) => {
  expect(readTimeSpan(text)).toBeUndefined();
});
