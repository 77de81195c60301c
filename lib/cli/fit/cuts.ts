import { MistakeList } from '../../plan/mistake.js';
import { UNREADY_PHASE, type Phase } from '../../plan/phase.js';
import { PhaseGraph } from '../../plan/phase-graph.js';
import { SHORTEST_CUT, cutTimeout, excess, longestFirst, longestPath } from '../../plan/time-budget.js';

/** A phase whose timeout should be reduced, in milliseconds. */
export interface Cut {
  readonly phase: string;
  readonly from: number;
  readonly to: number;
}

/**
 * The phases to cut so that the longest path takes at most `limit` milliseconds. Of each path that is too long, cuts
 * its longest phase, then the next longest; the wait for load balancers comes last. `undefined` if no cut is enough.
 */
export function cutsToFit(graph: PhaseGraph, limit: number): readonly Cut[] | undefined {
  const written = new Map(graph.phases.map((phase) => [phase.name, phase.timeout]));
  const timeouts = new Map(written);
  for (;;) {
    const phases = graph.phases.map((phase) => ({
      ...phase,
      timeout: timeouts.get(phase.name) ?? phase.timeout,
    }));
    const path = longestPath(PhaseGraph.from(phases, new MistakeList()));
    const missingMs = excess(path, limit);
    if (missingMs <= 0) return changesOf(written, timeouts);
    const longest = longestOf(path.phases);
    if (longest === undefined) return undefined;
    timeouts.set(longest.name, cutTimeout(longest.timeout, missingMs));
  }
}

function longestOf(phases: readonly Phase[]): Phase | undefined {
  const cuttable = phases.filter(({ timeout }) => timeout > SHORTEST_CUT).toSorted(longestFirst);
  return cuttable.find(({ name }) => name !== UNREADY_PHASE) ?? cuttable[0];
}

function changesOf(
  written: ReadonlyMap<string, number>,
  timeouts: ReadonlyMap<string, number>,
): readonly Cut[] {
  return [...written].flatMap(([phase, from]) => {
    const to = timeouts.get(phase) ?? from;
    return to === from ? [] : [{ phase, from, to }];
  });
}
