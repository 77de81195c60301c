import { isTaken, replacements, titleOf, UNNOTICED, type Replacement } from './replacement.js';

/** On each major, on the port of the application and on one of its own; the clients go while messages come. */
const waysOn = (transport: string, flags: readonly string[] = []): readonly Replacement[] =>
  ([11, 12] as const)
    .flatMap((major) =>
      (['app port', 'own port'] as const).map((shape) => ({
        transport,
        kind: 'rpc' as const,
        shape,
        major,
        mode: 'rolling' as const,
        // They send as long as the drain takes, and more often than they are answered: they are never quiet.
        count: 400,
        flags: ['--window=400', ...flags],
      })),
    )
    .filter((way) => isTaken(way));

describe.each(['ws', 'socketio'])('%s: a client that sends again what was not answered', (transport) => {
  const ways = waysOn(transport, ['--retry']);
  const roundsOf = replacements(ways);

  test.each(ways.map((way) => [titleOf(way), way] as const))('notices nothing: %s', (_, way) => {
    for (const replaced of roundsOf(way)) {
      expect(replaced).toMatchObject(UNNOTICED);
      expect(replaced.finishedLate).toBeGreaterThan(0);
      expect(replaced.lines.filter((line) => line.includes('not drained'))).toEqual([]);
      const destroyed = replaced.lines.indexOf('destroy');
      expect(replaced.lines.slice(0, destroyed).filter((line) => line === 'cleanup')).toHaveLength(10);
    }
  });
});

describe.each(['ws', 'socketio'])('%s: a client that does not', (transport) => {
  const ways = waysOn(transport).filter(({ shape }) => shape === 'app port');
  const roundsOf = replacements(ways);

  test.each(ways.map((way) => [titleOf(way), way] as const))(
    'has everything done that it sends, and misses only answers: %s',
    (_, way) => {
      for (const { code, unfinished, twice, finishedLate, lost, errors } of roundsOf(way)) {
        expect({ code, unfinished, twice }).toEqual({ code: 0, unfinished: [], twice: [] });
        expect(finishedLate).toBeGreaterThan(0);
        const unsent = errors.filter((error) => error.includes('was not sent'));
        expect(lost).toEqual(numbersOf(unsent));
        for (const error of errors) expect(error).toContain('"status":"draining"');
        // Three are in flight for each of the ten clients as it is told to leave; more where the machine is busy.
        expect(errors.length).toBeLessThan(200);
      }
    },
  );
});

/** The numbers of the messages that errors are about. */
function numbersOf(errors: readonly string[]): readonly number[] {
  return errors.map((error) => Number(error.split(' ')[1])).toSorted((a, b) => a - b);
}
