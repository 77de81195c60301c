import { check, RULES } from './check.js';
import { FORGERIES } from './forgeries.js';
import { forged } from './forged.js';

const forgeries = Object.entries(FORGERIES).flatMap(([rule, all]) =>
  all.map(([forge, what]) => ({ rule, what, forge })),
);

describe('what is checked of a random process', () => {
  test('a process that did all things right breaks no rule', () => {
    expect(check(forged())).toEqual([]);
  });

  test.each(forgeries)('$rule: a forgery is found by $what', ({ rule, what, forge }) => {
    expect(check(forged(forge))).toContainEqual({ rule, what: expect.stringMatching(what) });
  });

  test('each rule is broken by one of the forgeries', () => {
    expect(Object.keys(FORGERIES).toSorted()).toEqual(Object.keys(RULES).toSorted());
  });
});
