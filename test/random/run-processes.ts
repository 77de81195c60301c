import { availableParallelism } from 'node:os';
import { check } from './check.js';
import type { Facet } from './facets.js';
import { generate } from './generate.js';
import { observe, type Observation } from './observe.js';
import type { Violation } from './rules/facts.js';

/** A random process that has ended, and what it did against the rules. */
export interface Finished {
  readonly observation: Observation;
  readonly violations: readonly Violation[];
}

/** Two for each processor: most of the time a process waits. */
export const DEFAULT_JOBS = 2 * availableParallelism();

/** Runs the random processes of a seed, some at a time. */
export async function runProcesses({
  seed,
  indexes,
  jobs = DEFAULT_JOBS,
  folder,
  without = new Set(),
  onEnd,
}: {
  readonly seed: number;
  readonly indexes: readonly number[];
  readonly jobs?: number;
  /** Where the files of the processes are, while they run. */
  readonly folder: string;
  readonly without?: ReadonlySet<Facet>;
  readonly onEnd: (finished: Finished) => void;
}): Promise<void> {
  const queue = indexes.values();
  const work = async (): Promise<void> => {
    for (const index of queue) {
      const observation = await observe(generate(seed, index, without), folder);
      onEnd({ observation, violations: check(observation) });
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
}
