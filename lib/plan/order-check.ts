import { phaseOf } from './check-task.js';
import type { ShutdownPlan } from './shutdown-plan.js';
import type { ShutdownTask } from './task.js';

/** A task that may run too late: a provider that its own provider injects has already been shut down. */
export interface OrderDoubt {
  /** The task of the injecting provider. */
  readonly task: ShutdownTask;
  /** The last task of the injected provider. It has ended before `task` starts. */
  readonly injected: ShutdownTask;
}

/**
 * Finds tasks that may run too late: their provider injects another provider, directly or through providers without
 * tasks, and all tasks of that provider run in earlier phases. `after: [<the earlier task>]` confirms the order and
 * silences the doubt.
 */
export function findOrderDoubts({ phases, phaseGraph, injections }: ShutdownPlan): readonly OrderDoubt[] {
  const tasksOf = new Map<number, ShutdownTask[]>();
  for (const task of phases.flatMap((phase) => phase.tasks)) {
    const component = injections.componentOf(task.owner);
    if (component === undefined) continue;
    const members = tasksOf.get(component);
    if (members) members.push(task);
    else tasksOf.set(component, [task]);
  }
  const doubts: OrderDoubt[] = [];
  for (const [component, tasks] of tasksOf) {
    for (const nearest of nearestWithTasks(component)) {
      const injected = tasksOf.get(nearest) ?? [];
      const last = injected.at(-1);
      for (const task of tasks) {
        const tooLate = injected.every((each) => phaseGraph.precedes(phaseOf(each), phaseOf(task)));
        const meant = injected.some((each) => task.after?.includes(each.name));
        if (last && tooLate && !meant) doubts.push({ task, injected: last });
      }
    }
  }
  return doubts;

  function nearestWithTasks(component: number): ReadonlySet<number> {
    const nearest = new Set<number>();
    const seen = new Set<number>([component]);
    const open = [component];
    for (let each = open.pop(); each !== undefined; each = open.pop()) {
      for (const injected of injections.injectedBy(each)) {
        if (seen.has(injected)) continue;
        seen.add(injected);
        if (tasksOf.has(injected)) nearest.add(injected);
        else open.push(injected);
      }
    }
    return nearest;
  }
}
