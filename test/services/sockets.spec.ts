import { replacements, titleOf, UNNOTICED, type Replacement } from './replacement.js';

/** On each major, on the port of the application and on one of its own; the clients go while messages come. */
const waysOn = (transport: string, flags: readonly string[] = []): readonly Replacement[] =>
  ([11, 12] as const).flatMap((major) =>
    (['app port', 'own port'] as const).map((shape) => ({
      transport,
      kind: 'rpc' as const,
      shape,
      major,
      mode: 'rolling' as const,
      flags: ['--window=400', ...flags],
    })),
  );

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
    'is refused only what has not started: %s',
    (_, way) => {
      for (const { code, unfinished, twice, finishedLate, lost, errors } of roundsOf(way)) {
        expect({ code, unfinished, twice }).toEqual({ code: 0, unfinished: [], twice: [] });
        expect(finishedLate).toBeGreaterThan(0);
        const refused = errors.map((error) => Number(error.split(' ')[1]));
        expect(refused.toSorted((a, b) => a - b)).toEqual(lost);
        for (const error of errors) expect(error).toContain('"status":"draining"');
      }
    },
  );
});
