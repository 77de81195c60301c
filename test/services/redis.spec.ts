import { describeWithBroker } from './broker.js';
import { everyWay, replacements, titleOf } from './replacement.js';

await describeWithBroker({ name: 'Redis', port: 6379 }, () => {
  // Redis keeps no message for a subscriber that is away: what comes between two instances is gone.
  describe('what has been taken is finished and answered', () => {
    const ways = everyWay('redis', 'restart').map((way) => ({ ...way, patience: 15_000 }));
    const roundsOf = replacements(ways);

    test.each(ways.map((way) => [titleOf(way), way] as const))('%s', (_, way) => {
      for (const { code, unfinished, twice, finishedLate, lost, errors } of roundsOf(way)) {
        expect({ code, unfinished, twice }).toEqual({ code: 0, unfinished: [], twice: [] });
        expect(finishedLate).toBeGreaterThan(0);
        // Only callers whose message nobody took were not answered.
        const unanswered = errors.map((error) => Number(error.split(' ')[1]));
        expect(unanswered.filter((n) => !lost.includes(n))).toEqual([]);
      }
    });
  });
});
