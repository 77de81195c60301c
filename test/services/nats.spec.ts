import { describeWithBroker } from './broker.js';
import { everyWay, replacements, titleOf, UNNOTICED } from './replacement.js';

await describeWithBroker({ name: 'NATS', port: 4222 }, () => {
  describe('to a queue group none is lost and none done twice', () => {
    const ways = everyWay('nats', 'rolling');
    const roundsOf = replacements(ways);

    test.each(ways.map((way) => [titleOf(way), way] as const))('%s', (_, way) => {
      for (const replaced of roundsOf(way)) {
        expect(replaced).toMatchObject(UNNOTICED);
        expect(replaced.finishedLate).toBeGreaterThan(0);
      }
    });
  });

  describe("with Nest's own graceful shutdown its grace period of 20 s is not waited for", () => {
    const ways = everyWay('nats-graceful', 'rolling').filter(({ shape }) => shape === 'micro');
    const roundsOf = replacements(ways);

    test.each(ways.map((way) => [titleOf(way), way] as const))('%s', (_, way) => {
      for (const replaced of roundsOf(way)) {
        expect(replaced).toMatchObject(UNNOTICED);
        expect(replaced.finishedLate).toBeGreaterThan(0);
        expect(replaced.exitMs).toBeLessThan(20_000);
      }
    });
  });
});
