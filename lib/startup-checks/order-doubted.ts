import type { Notice } from '../notice.js';
import { findOrderDoubts, type OrderDoubt } from '../plan/order-check.js';
import type { ShutdownPlan } from '../plan/shutdown-plan.js';
import { finding } from './finding.js';

/** Fires when a handler runs after the handler of what its provider injects. `after` on the handler confirms the order. */
export function checkOrder(plan: ShutdownPlan): readonly Notice[] {
  return findOrderDoubts(plan).map(orderDoubted);
}

export function orderDoubted({ task: { name: task }, injected: { name: injected } }: OrderDoubt): Notice {
  return finding(
    'order-doubted',
    `'${task}' runs after '${injected}' has ended, but the provider of '${task}' injects the provider of '${injected}'. Move one of them to another phase, or confirm the order with after: ['${injected}'] on '${task}'.`,
  );
}
