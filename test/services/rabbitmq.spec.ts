import { describeWithBroker } from './broker.js';
import { everyWay, replacements, titleOf, UNNOTICED } from './replacement.js';

await describeWithBroker({ name: 'RabbitMQ', port: 5672 }, () => {
  describe.each(['rolling', 'restart'] as const)('%s: none is lost and none done twice', (mode) => {
    const ways = everyWay('rabbitmq', mode);
    const roundsOf = replacements(ways);

    test.each(ways.map((way) => [titleOf(way), way] as const))('%s', (_, way) => {
      for (const replaced of roundsOf(way)) {
        expect(replaced).toMatchObject(UNNOTICED);
        expect(replaced.finishedLate).toBeGreaterThan(0);
      }
    });
  });
});
