import { describeWithBroker } from './broker.js';
import { replacements, ROUNDS, UNNOTICED, type Replacement } from './replacement.js';

/** Orders in all; each is followed by an invoice, which is added at its end. */
const ORDERS = 300;

const waysOn = (major: 11 | 12): readonly Replacement[] =>
  (['rolling', 'restart'] as const).map((mode) => ({
    transport: 'bullmq',
    kind: 'event',
    shape: 'micro',
    major,
    mode,
    count: ORDERS,
    pieces: 2 * ORDERS,
    programs: { consumer: 'bullmq/consumer', producer: 'bullmq/producer' },
  }));

await describeWithBroker({ name: 'Redis', port: 6379 }, () => {
  describe.each([11, 12] as const)('Nest %s, jobs that add jobs: none is lost or done twice', (major) => {
    const ways = waysOn(major);
    const roundsOf = replacements(ways);

    test.each(ways.map((way) => [way.mode, way] as const))('%s', (_, way) => {
      for (const replaced of roundsOf(way)) {
        expect(replaced).toMatchObject(UNNOTICED);
        expect(replaced.finishedLate).toBeGreaterThan(0);
      }
      const rounds = roundsOf(way);
      const late = rounds.reduce((sum, { finishedLate }) => sum + finishedLate, 0);
      const exits = rounds.map(({ exitMs }) => Math.round(exitMs)).toSorted((a, b) => a - b);
      process.stdout.write(
        `    Nest ${major}, ${way.mode}: ${ROUNDS} x ${2 * ORDERS} jobs, 0 lost, 0 twice, 0 failed; ${late} finished after the signal; gone after ${exits.at(0)} to ${exits.at(-1)} ms\n`,
      );
    });
  });
});
