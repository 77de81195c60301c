import { buildPlan } from '../../lib/plan/build-plan.js';
import { findOrderDoubts } from '../../lib/plan/order-check.js';
import type { PhaseOptions } from '../../lib/plan/phase.js';
import type { ShutdownTask } from '../../lib/plan/task.js';

const PHASES: readonly PhaseOptions[] = [
  { name: 'drain', timeout: 100 },
  { name: 'close', timeout: 100 },
  { name: 'aside', timeout: 100, after: [] },
];
const [service, repository, pool] = [{}, {}, {}];
const injections = new Map([
  [service, [repository]],
  [repository, [pool]],
]);

function task(name: string, settings: Partial<ShutdownTask>): ShutdownTask {
  return { name, run: () => undefined, ...settings };
}

function doubts(...tasks: readonly ShutdownTask[]) {
  return findOrderDoubts(buildPlan(PHASES, tasks, injections)).map(({ task: each, injected }) => [
    each.name,
    injected.name,
  ]);
}

describe('findOrderDoubts()', () => {
  test("finds a task that runs after its provider's dependency was closed in an earlier phase", () => {
    expect(
      doubts(
        task('service', { phase: 'close', owner: service }),
        task('repository', { phase: 'drain', owner: repository }),
      ),
    ).toEqual([['service', 'repository']]);
  });

  test('follows injection through providers without a task', () => {
    expect(
      doubts(
        task('service', { phase: 'close', owner: service }),
        task('pool', { phase: 'drain', owner: pool }),
      ),
    ).toEqual([['service', 'pool']]);
  });

  test('accepts the order if `after` names the earlier task', () => {
    expect(
      doubts(
        task('service', { phase: 'close', owner: service, after: ['pool'] }),
        task('pool', { phase: 'drain', owner: pool }),
      ),
    ).toEqual([]);
  });

  test('accepts the right order, and tasks of the same phase', () => {
    expect(
      doubts(
        task('service', { phase: 'drain', owner: service }),
        task('repository', { phase: 'close', owner: repository }),
        task('pool', { phase: 'close', owner: pool }),
      ),
    ).toEqual([]);
  });

  test('accepts phases that run in parallel', () => {
    expect(
      doubts(
        task('service', { phase: 'close', owner: service }),
        task('pool', { phase: 'aside', owner: pool }),
      ),
    ).toEqual([]);
  });

  test('accepts a provider with another task in a later phase', () => {
    expect(
      doubts(
        task('service', { phase: 'close', owner: service }),
        task('pool.drain', { phase: 'drain', owner: pool }),
        task('pool.close', { phase: 'close', owner: pool }),
      ),
    ).toEqual([]);
  });
});
