import type { InjectionGraph } from './injection-graph.js';
import type { Phase } from './phase.js';
import type { PhaseGraph } from './phase-graph.js';
import type { ShutdownTask } from './task.js';

/** A phase with its tasks, in an order in which they may start. */
export interface PlannedPhase extends Phase {
  readonly tasks: readonly ShutdownTask[];
}

/** The worst case of a run: the chain of phases with the largest sum of timeouts. */
export interface LongestPath {
  readonly phases: readonly Phase[];
  /** The sum of the timeouts, in milliseconds. */
  readonly ms: number;
}

/** The checked phases and tasks, in order. Immutable. */
export interface ShutdownPlan {
  /** In topological order. */
  readonly phases: readonly PlannedPhase[];
  readonly longestPath: LongestPath;
  /** @internal */
  readonly phaseGraph: PhaseGraph;
  /** @internal */
  readonly injections: InjectionGraph;
}
