import { assert, double, infiniteStream, nat, property } from 'fast-check';
import { turnsWithin } from '../../lib/websockets/turns.js';

/** How many of the turns fall into each slot of so many milliseconds. */
function slotsOf(turns: readonly number[], window: number, slot: number): readonly number[] {
  const slots = Array.from({ length: Math.ceil(window / slot) }, () => 0);
  return slots.map((_, index) => turns.filter((turn) => Math.floor(turn / slot) === index).length);
}

/** Whatever `Math.random` may answer. */
const random = double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('180 turns within 2 s: no 250 ms hold more than 1.5 times the mean, for any random values', () => {
  assert(
    property(infiniteStream(random), (chances) => {
      const turns = turnsWithin(180, 2_000, () => chances.next().value ?? 0);
      expect(Math.max(...slotsOf(turns, 2_000, 250))).toBeLessThanOrEqual(1.5 * (180 / 8));
    }),
  );
});

test('every turn is within the window, and the turns are in order', () => {
  assert(
    property(nat(300), nat(60_000), (count, window) => {
      const turns = turnsWithin(count, window);
      expect(turns).toHaveLength(count);
      expect(turns).toEqual(turns.toSorted((a, b) => a - b));
      for (const turn of turns) expect(turn >= 0 && turn <= window).toBe(true);
    }),
  );
});

test('two runs do not have the same turns', () => {
  expect(turnsWithin(10, 2_000)).not.toEqual(turnsWithin(10, 2_000));
});
