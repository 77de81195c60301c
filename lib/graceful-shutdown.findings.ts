import type { ModulesContainer } from '@nestjs/core';
import { findClosedBeforeHooks } from './discovery/closed-before-hook.js';
import { findDestroyedEarly } from './discovery/destroyed-early.js';
import { allWrappers, type MarkedProvider } from './discovery/provider-scan.js';
import { findTerminusDelay } from './discovery/terminus-delay.js';
import type { ShutdownSettings } from './graceful-shutdown.options.js';
import type { Notice } from './logging/notice.js';
import { findOrderDoubts } from './plan/order-check.js';
import type { ShutdownPlan } from './plan/shutdown-plan.js';
import { RESERVE, fitOf } from './plan/time-budget.js';

/** Tells what will make a plan go wrong. */
export function diagnosePlan(
  plan: ShutdownPlan,
  providers: readonly MarkedProvider[],
  {
    settings,
    modules,
    notify,
  }: {
    readonly settings: ShutdownSettings;
    readonly modules: ModulesContainer;
    readonly notify: (notice: Notice) => void;
  },
): void {
  if (fitOf(plan.longestPath, { grantedMs: settings.gracePeriod }).missingMs > 0) {
    notify({ kind: 'does-not-fit', plan, gracePeriod: settings.gracePeriod, reserve: RESERVE });
  }
  for (const doubt of findOrderDoubts(plan)) notify({ kind: 'order-doubted', doubt });
  const timeoutMs = findTerminusDelay(allWrappers(modules));
  if (timeoutMs !== undefined) notify({ kind: 'terminus-delay', timeoutMs });
  if (settings.runAt === 'module-destroy') {
    for (const found of findClosedBeforeHooks(plan, providers, allWrappers(modules))) {
      notify({ kind: 'closed-before-hook', ...found });
    }
    return;
  }
  for (const found of findDestroyedEarly(providers, allWrappers(modules))) {
    notify({ kind: 'destroyed-early', ...found });
  }
}
