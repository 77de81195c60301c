import type { Observation } from './observe.js';
import {
  delay,
  noNoise,
  nothingKeptAlive,
  phaseList,
  phasesBeforeHooks,
  requestsAnswered,
  workBeforeClose,
} from './rules/closing.js';
import { escalation, exitCode, log } from './rules/ending.js';
import { factsOf, type Rule, type Violation } from './rules/facts.js';
import { calledOnce, nobodyAwaitsItself, oneRun } from './rules/once.js';
import { dependency, phasesInOrder, phasesSkipped, sequence } from './rules/order.js';
import { nobodyDropped, outcomes, registeredLate, skippedForTime, starts } from './rules/outcomes.js';
import { reportIsSound, reportIsStored } from './rules/report.js';
import { fits, outInTime, runInTime, timeouts } from './rules/time.js';

/** Everything that has to hold of a random process, by the rule that says so. */
export const RULES = {
  'rule 1: one run': oneRun,
  'rule 1: nobody awaits itself': nobodyAwaitsItself,
  'rule 2: called once': calledOnce,
  'rule 3: phases in order': phasesInOrder,
  'rule 3: phases skipped': phasesSkipped,
  'rule 4: sequence': sequence,
  'rule 4: dependency': dependency,
  'rule 5: timeouts': timeouts,
  'rule 5: run in time': runInTime,
  'rule 5: skipped for time': skippedForTime,
  'rule 6: outcomes': outcomes,
  'rule 6: nobody dropped': nobodyDropped,
  'rule 7: registered late': registeredLate,
  'rule 8: starts': starts,
  'rule 9: fits': fits,
  'rule 10: phases before hooks': phasesBeforeHooks,
  'rule 10: requests answered': requestsAnswered,
  'rule 10: work before close': workBeforeClose,
  'rule 12: nothing kept alive': nothingKeptAlive,
  'rule 13: delay': delay,
  'rule 14: phase list': phaseList,
  'out in time': outInTime,
  'exit code': exitCode,
  escalation,
  log,
  'report is sound': reportIsSound,
  'report is stored': reportIsStored,
  'no noise': noNoise,
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleName = keyof typeof RULES;

/** What a process did against the rules. A pure function of what was observed. */
export function check(observation: Observation): readonly Violation[] {
  const facts = factsOf(observation);
  return Object.entries(RULES).flatMap(([rule, find]) => find(facts).map((what) => ({ rule, what })));
}
