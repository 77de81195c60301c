import * as fc from 'fast-check';
import { foldReport } from '../../lib/report/fold-report.js';
import { play, scenarios, type Scenario } from './random-scenario.js';
import { recount } from './recount.js';
import { brokenRules } from './rule-predicates.js';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 3_000);

/** For a machine that is busy with something else: it plays several hundred scenarios in a second when it is not. */
const TIME_LIMIT = 30_000 + 20 * RUNS;

/** Plays a scenario and says what is wrong with it. */
async function check(scenario: Scenario): Promise<void> {
  const played = await play(scenario);
  expect(brokenRules(played)).toEqual([]);
  expect(foldReport(played.events)).toEqual(recount(played.events));
}

describe('random plans, with random interference', () => {
  test(
    'keep all rules and match their report, without interference',
    async () => {
      const quiet = scenarios.map((scenario) => ({ ...scenario, actions: [] }));
      await fc.assert(fc.asyncProperty(quiet, check), { numRuns: Math.ceil(RUNS * 0.3) });
    },
    TIME_LIMIT,
  );

  test(
    'keep all rules and match their report, while tasks are registered and removed',
    async () => {
      await fc.assert(fc.asyncProperty(scenarios, check), { numRuns: Math.floor(RUNS * 0.7) });
    },
    TIME_LIMIT,
  );
});
