import type { InjectionGraph } from './injection-graph.js';
import type { Phase } from './phase.js';
import type { PhaseGraph } from './phase-graph.js';
import type { ShutdownTask } from './task.js';

/** A phase and its tasks, in an order in which they may start. */
export interface PlannedPhase extends Phase {
  readonly tasks: readonly ShutdownTask[];
}

/** The phases that a run cannot do without in time, one after the other, and their timeouts added up. */
export interface LongestPath {
  readonly phases: readonly Phase[];
  readonly ms: number;
}

/** The checked order, ready to run. It never changes. */
export interface ShutdownPlan {
  /** In an order in which they may start. */
  readonly phases: readonly PlannedPhase[];
  readonly longestPath: LongestPath;
  /** @internal */
  readonly phaseGraph: PhaseGraph;
  /** @internal */
  readonly injections: InjectionGraph;
}

/** The path through the enabled phases whose timeouts add up to the most: the worst case of a run. */
export function longestPath({ phases, graph }: PhaseGraph): LongestPath {
  const ends: number[] = phases.map(() => 0);
  const comesFrom: (number | undefined)[] = phases.map(() => undefined);
  let last: number | undefined;
  // Phases stand in topological order, so each is complete before its successors read it.
  phases.forEach((phase, index) => {
    ends[index] = (ends[index] ?? 0) + (phase.enabled ? phase.timeout : 0);
    if (last === undefined || (ends[index] ?? 0) > (ends[last] ?? 0)) last = index;
    for (const next of graph.after(index)) {
      if ((ends[index] ?? 0) <= (ends[next] ?? 0)) continue;
      ends[next] = ends[index] ?? 0;
      comesFrom[next] = index;
    }
  });
  const path: Phase[] = [];
  for (let index = last; index !== undefined; index = comesFrom[index]) {
    const phase = phases[index];
    if (phase?.enabled) path.push(phase);
  }
  return Object.freeze({
    phases: Object.freeze(path.toReversed()),
    ms: path.reduce((sum, phase) => sum + phase.timeout, 0),
  });
}
