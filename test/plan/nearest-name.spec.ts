import { nameAdvice, nearestName } from '../../lib/plan/nearest-name.js';

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
