import type { PhaseGraph } from '../plan/phase-graph.js';
import type { SkipCause } from './events.js';

/** The phases that a run skips, and why. The first cause wins. */
export class SkippedPhases {
  readonly #causes = new Map<number, SkipCause>();

  constructor(private readonly phaseGraph: PhaseGraph) {
    phaseGraph.phases.forEach((phase, index) => {
      if (!phase.enabled) this.#causes.set(index, 'disabled');
    });
  }

  causeOf(index: number): SkipCause | undefined {
    return this.#causes.get(index);
  }

  /** Skips all phases that this one depends on: the run starts here. */
  startFrom(index: number): void {
    this.#skip(this.phaseGraph.graph.reversed().reachableFrom(index), 'before-from');
  }

  /** Skips all phases that depend on this one: it did not complete, and has `onFailure: 'abort'`. */
  abortAfter(index: number): void {
    this.#skip(this.phaseGraph.laterThan(index), 'aborted');
  }

  #skip(indexes: Iterable<number>, cause: SkipCause): void {
    for (const index of indexes) if (!this.#causes.has(index)) this.#causes.set(index, cause);
  }
}
