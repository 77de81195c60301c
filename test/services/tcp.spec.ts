import { everyWay, replacements, titleOf, UNNOTICED } from './replacement.js';

describe('events are all taken, and none is done twice', () => {
  const ways = everyWay('tcp', 'rolling').filter(({ kind }) => kind === 'event');
  const roundsOf = replacements(ways);

  test.each(ways.map((way) => [titleOf(way), way] as const))('%s', (_, way) => {
    for (const replaced of roundsOf(way)) {
      expect(replaced).toMatchObject(UNNOTICED);
      expect(replaced.finishedLate).toBeGreaterThan(0);
    }
  });
});

describe('calls of a client that retries what was refused are all answered, and none is done twice', () => {
  const ways = everyWay('tcp', 'rolling')
    .filter(({ kind }) => kind === 'rpc')
    .map((way) => ({ ...way, flags: ['--retry'] }));
  const roundsOf = replacements(ways);

  test.each(ways.map((way) => [titleOf(way), way] as const))('%s', (_, way) => {
    for (const replaced of roundsOf(way)) {
      expect(replaced).toMatchObject(UNNOTICED);
      expect(replaced.finishedLate).toBeGreaterThan(0);
    }
  });
});

describe('calls of a client that does not retry are refused only where they have not started', () => {
  const ways = everyWay('tcp', 'rolling').filter(({ kind, shape }) => kind === 'rpc' && shape === 'micro');
  const roundsOf = replacements(ways);

  test.each(ways.map((way) => [titleOf(way), way] as const))('%s', (_, way) => {
    for (const { code, unfinished, twice, finishedLate, lost, errors } of roundsOf(way)) {
      expect({ code, unfinished, twice }).toEqual({ code: 0, unfinished: [], twice: [] });
      expect(finishedLate).toBeGreaterThan(0);
      const refused = errors.map((error) => Number(error.split(' ')[1]));
      expect(refused).toEqual(lost);
      for (const error of errors) expect(error).toMatch(/"status":"draining"|Connection closed/);
    }
  });
});
