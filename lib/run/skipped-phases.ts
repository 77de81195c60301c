import type { PhaseGraph } from '../plan/phase-graph.js';
import type { SkipCause } from './events.js';

/** Which phases a run leaves out, and why; the first cause stays. */
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

  /** The run starts from this phase: what comes before it on any path is left out. */
  startFrom(index: number): void {
    this.#skip(this.phaseGraph.graph.reversed().reachableFrom(index), 'before-from');
  }

  /** A phase that aborts did not complete: what comes after it on any path is left out. */
  abortAfter(index: number): void {
    this.#skip(this.phaseGraph.laterThan(index), 'aborted');
  }

  #skip(indexes: Iterable<number>, cause: SkipCause): void {
    for (const index of indexes) if (!this.#causes.has(index)) this.#causes.set(index, cause);
  }
}
