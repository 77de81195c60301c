import { check, RULES } from './check.js';
import { FORGERIES, forged } from './forged.js';

describe('what is checked of a random process', () => {
  test('a process that did all things right breaks no rule', () => {
    expect(check(forged())).toEqual([]);
  });

  test.each(Object.entries(FORGERIES))('%s is seen to be broken', (rule, [forge, what]) => {
    expect(check(forged(forge))).toContainEqual({ rule, what: expect.stringMatching(what) });
  });

  test('each rule is broken by one of the forgeries', () => {
    expect(Object.keys(FORGERIES).toSorted()).toEqual(Object.keys(RULES).toSorted());
  });
});
