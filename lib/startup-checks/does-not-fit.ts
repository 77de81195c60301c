import type { Notice } from '../notice.js';
import { milliseconds, pathSum } from '../plan/plan-text.js';
import type { ShutdownPlan } from '../plan/shutdown-plan.js';
import { RESERVE, fitOf } from '../plan/time-budget.js';
import { finding } from './finding.js';

/** Rule 9: fires when the longest path of the plan does not fit into the grace period. */
export function checkFit(
  { longestPath }: Pick<ShutdownPlan, 'longestPath'>,
  gracePeriod: number,
): readonly Notice[] {
  return fitOf(longestPath, { grantedMs: gracePeriod }).missingMs > 0
    ? [doesNotFit(longestPath, gracePeriod)]
    : [];
}

export function doesNotFit(longestPath: ShutdownPlan['longestPath'], gracePeriod: number): Notice {
  return finding(
    'does-not-fit',
    `The shutdown plan may take longer than the grace period: ${pathSum(longestPath)}, plus ${milliseconds(RESERVE)} for the end of the process, but gracePeriod is ${milliseconds(gracePeriod)}. Shorten a phase, or raise gracePeriod together with what the platform grants.`,
  );
}
