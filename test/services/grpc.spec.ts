import { everyWay, replacements, titleOf, UNNOTICED } from './replacement.js';

describe('unary calls are all answered, and none is done twice', () => {
  const ways = everyWay('grpc', 'rolling').filter(({ kind }) => kind === 'rpc');
  const roundsOf = replacements(ways);

  test.each(ways.map((way) => [titleOf(way), way] as const))('%s', (_, way) => {
    for (const replaced of roundsOf(way)) {
      expect(replaced).toMatchObject(UNNOTICED);
      expect(replaced.finishedLate).toBeGreaterThan(0);
    }
  });
});
