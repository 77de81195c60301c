import type { InjectionGraph } from './injection-graph.js';
import type { Phase } from './phase.js';
import type { PhaseGraph } from './phase-graph.js';
import type { ShutdownTask } from './task.js';

/** A phase and its tasks, in an order in which they may start. */
export interface PlannedPhase extends Phase {
  readonly tasks: readonly ShutdownTask[];
}

/** The phases that take the longest to run one after the other, and the sum of their timeouts. */
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
