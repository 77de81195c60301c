import type { ModulesContainer } from '@nestjs/core';
import { allWrappers, type MarkedProvider } from '../discovery/provider-scan.js';
import type { Notice } from '../notice.js';
import type { ShutdownPlan } from '../plan/shutdown-plan.js';
import { checkClosedBeforeHooks } from './closed-before-hook.js';
import { checkDestroyedEarly } from './destroyed-early.js';
import { checkFit } from './does-not-fit.js';
import { checkOrder } from './order-doubted.js';
import { checkTerminusDelay } from './terminus-delay.js';

/** What the checks of a plan look at. */
interface PlanPlace {
  readonly gracePeriod: number;
  readonly runAt: 'module-destroy' | 'before-application-shutdown';
  readonly modules: ModulesContainer;
  readonly providers: readonly MarkedProvider[];
}

/** Every startup check of a plan, in the order in which they are logged. */
export function checkPlan(plan: ShutdownPlan, place: PlanPlace): readonly Notice[] {
  const all = allWrappers(place.modules);
  return [
    ...checkFit(plan, place.gracePeriod),
    ...checkOrder(plan),
    ...checkTerminusDelay(all),
    ...(place.runAt === 'module-destroy'
      ? checkClosedBeforeHooks(plan, place.providers, all)
      : checkDestroyedEarly(place.providers, all)),
  ];
}
