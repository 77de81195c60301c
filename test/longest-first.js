import Sequencer from '@jest/test-sequencer';

/**
 * The suites that take longest, in this order. Jest knows that only where it has run before: in a clean clone it goes by
 * the size of a file, and one that is short and waits for npm for two minutes would begin when the others have ended.
 */
const LONGEST = [
  /\/test\/package\//,
  /\/process\/ending\./,
  /\/cli\/command\./,
  /\/services\//,
  /\/process\//,
];

const rank = ({ path }) => {
  const found = LONGEST.findIndex((pattern) => pattern.test(path));
  return found < 0 ? LONGEST.length : found;
};

export default class LongestFirst extends Sequencer {
  async sort(tests) {
    // oxlint-disable-next-line unicorn/no-array-sort -- Jest's sequencer, not an array
    const sorted = await super.sort(tests);
    return [...sorted].toSorted((a, b) => rank(a) - rank(b));
  }
}
