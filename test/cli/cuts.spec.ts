import * as fc from 'fast-check';
import { cutsToFit } from '../../lib/cli/fit/cuts.js';
import { MistakeList } from '../../lib/plan/mistake.js';
import type { PhaseOptions } from '../../lib/plan/phase.js';
import { PhaseGraph } from '../../lib/plan/phase-graph.js';
import { longestPath } from '../../lib/plan/time-budget.js';

function graphOf(phases: readonly PhaseOptions[]): PhaseGraph {
  const mistakes = new MistakeList();
  const graph = PhaseGraph.from(phases, mistakes);
  mistakes.throwIfAny();
  return graph;
}

const line = graphOf([
  { name: 'drain', timeout: 15_000 },
  { name: 'flush', timeout: 3_000 },
  { name: 'close', timeout: 5_000 },
]);

test('does not cut a plan that fits', () => {
  expect(cutsToFit(line, 23_000)).toEqual([]);
});

test('cuts the longest phase of the longest path by the excess', () => {
  expect(cutsToFit(line, 20_000)).toEqual([{ phase: 'drain', from: 15_000, to: 12_000 }]);
});

test('cuts the next phase if one is not enough, and none below one second', () => {
  expect(cutsToFit(line, 7_000)).toEqual([
    { phase: 'drain', from: 15_000, to: 1_000 },
    { phase: 'close', from: 5_000, to: 3_000 },
  ]);
});

test('cuts the wait for load balancers last', () => {
  const phases = graphOf([
    { name: 'unready', timeout: 6_000 },
    { name: 'drain', timeout: 4_000 },
  ]);
  expect(cutsToFit(phases, 8_000)).toEqual([{ phase: 'drain', from: 4_000, to: 2_000 }]);
  expect(cutsToFit(phases, 3_000)).toEqual([
    { phase: 'unready', from: 6_000, to: 2_000 },
    { phase: 'drain', from: 4_000, to: 1_000 },
  ]);
});

test('gives no advice if every phase would become shorter than one second', () => {
  expect(cutsToFit(line, 2_999)).toBeUndefined();
});

test('cuts each path that is too long, and leaves the others alone', () => {
  const phases = graphOf([
    { name: 'drain', timeout: 10_000 },
    { name: 'close', timeout: 9_000 },
    { name: 'audit', after: ['drain'], timeout: 8_000 },
    { name: 'archive', after: ['drain'], timeout: 2_000 },
  ]);
  expect(cutsToFit(phases, 11_000)).toEqual([{ phase: 'drain', from: 10_000, to: 2_000 }]);
  const short = graphOf([
    { name: 'drain', timeout: 1_000 },
    { name: 'close', timeout: 9_000 },
    { name: 'audit', after: ['drain'], timeout: 8_000 },
  ]);
  expect(cutsToFit(short, 5_000)).toEqual([
    { phase: 'close', from: 9_000, to: 4_000 },
    { phase: 'audit', from: 8_000, to: 4_000 },
  ]);
});

test('makes any phases fit and never lengthens one', () => {
  const timeouts = fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(
      timeouts,
      fc.infiniteStream(fc.nat()),
      fc.integer({ min: 1, max: 60_000 }),
      (all, random, limit) => {
        const phases = all.map((timeout, index) => {
          const after = index === 0 ? [] : [`p${(random.next().value ?? 0) % index}`];
          return { name: `p${index}`, timeout, after };
        });
        const cuts = cutsToFit(graphOf(phases), limit);
        if (cuts === undefined) return;
        const cut = phases.map((phase) => ({
          ...phase,
          timeout: cuts.find((each) => each.phase === phase.name)?.to ?? phase.timeout,
        }));
        expect(longestPath(graphOf(cut)).ms).toBeLessThanOrEqual(limit);
        expect(cuts.filter(({ from, to }) => to >= from)).toEqual([]);
      },
    ),
  );
});
