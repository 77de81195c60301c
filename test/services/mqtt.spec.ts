import { describeWithBroker } from './broker.js';
import { everyWay, replacements, titleOf, UNNOTICED } from './replacement.js';

await describeWithBroker({ name: 'Mosquitto', port: 1883 }, () => {
  describe.each([
    ['to a shared subscription', everyWay('mqtt', 'rolling')],
    [
      'to a persistent session that comes back',
      everyWay('mqtt-session', 'restart').filter(({ kind }) => kind === 'event'),
    ],
  ])('%s none is lost and none done twice', (_, ways) => {
    const roundsOf = replacements(ways);

    test.each(ways.map((way) => [titleOf(way), way] as const))('%s', (__, way) => {
      for (const replaced of roundsOf(way)) {
        expect(replaced).toMatchObject(UNNOTICED);
        expect(replaced.finishedLate).toBeGreaterThan(0);
      }
    });
  });
});
