import { describeWithBroker } from './broker.js';
import { everyWay, replacements, titleOf, UNNOTICED } from './replacement.js';

await describeWithBroker({ name: 'Mosquitto', port: 1883 }, () => {
  describe.each([
    ['to a shared subscription', everyWay('mqtt', 'rolling')],
    [
      'to a persistent session that comes back',
      // Mosquitto keeps 1000 messages for a session that is away: at this rate a boot may take fifty seconds.
      everyWay('mqtt-session', 'restart').map((way) => ({ ...way, rate: 20 })),
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
