import { minifiedAdvice, nameAdvice, nearestName } from '../../lib/plan/nearest-name.js';

describe('nearestName()', () => {
  const known = ['unready', 'drain', 'flush', 'close'];

  test.each([
    ['drian', 'drain'],
    ['Flush', 'flush'],
    ['closed', 'close'],
    ['unredy', 'unready'],
  ])('to %s is %s', (name, nearest) => {
    expect(nearestName(name, known)).toBe(nearest);
  });

  test('returns nothing if no name is close', () => {
    expect(nearestName('x', ['unready'])).toBeUndefined();
    expect(nearestName('metrics exporter', known)).toBeUndefined();
  });

  test('nameAdvice() lists at most eight names', () => {
    const names = Array.from({ length: 30 }, (_, index) => `phase-${index}`);

    expect(nameAdvice('zzz', names)).toBe(
      "Known: 'phase-0', 'phase-1', 'phase-2', 'phase-3', 'phase-4', 'phase-5', 'phase-6', 'phase-7', 22 more.",
    );
    expect(nameAdvice(7, [])).toBe('Known: none.');
  });
});

describe('minifiedAdvice()', () => {
  const known = ['xc.close', 'a$.end (UsersModule)', 'Outbox.publish'];

  test.each([
    ['Pool.close', 'xc.close'],
    ['Pool.end', 'a$.end (UsersModule)'],
  ])('finds the minified name of %s', (name, minified) => {
    expect(minifiedAdvice(name, known)).toBe(
      `The class names are minified: it may be '${minified}' now. Keep class names in your bundler, or name the handler with @OnShutdown({ name: '${name}' }).`,
    );
  });

  test.each(['Pool.publish', 'Pool.drain', 'xd.close', 'close', ''])('has none for %p', (name) => {
    expect(minifiedAdvice(name, known)).toBeUndefined();
  });
});
