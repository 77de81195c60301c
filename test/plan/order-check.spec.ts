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

describe('a doubt about the order', () => {
  test('is a task that comes when what its provider injects was closed in an earlier phase', () => {
    expect(
      doubts(
        task('service', { phase: 'close', owner: service }),
        task('repository', { phase: 'drain', owner: repository }),
      ),
    ).toEqual([['service', 'repository']]);
  });

  test('is found through providers without a task', () => {
    expect(
      doubts(
        task('service', { phase: 'close', owner: service }),
        task('pool', { phase: 'drain', owner: pool }),
      ),
    ).toEqual([['service', 'pool']]);
  });

  test('is silenced by an `after` that names the earlier task', () => {
    expect(
      doubts(
        task('service', { phase: 'close', owner: service, after: ['pool'] }),
        task('pool', { phase: 'drain', owner: pool }),
      ),
    ).toEqual([]);
  });

  test('is none where the order is right, or both are in one phase', () => {
    expect(
      doubts(
        task('service', { phase: 'drain', owner: service }),
        task('repository', { phase: 'close', owner: repository }),
        task('pool', { phase: 'close', owner: pool }),
      ),
    ).toEqual([]);
  });

  test('is none where the phases run side by side', () => {
    expect(
      doubts(
        task('service', { phase: 'close', owner: service }),
        task('pool', { phase: 'aside', owner: pool }),
      ),
    ).toEqual([]);
  });

  test('is none where a task of the injected provider is still to come', () => {
    expect(
      doubts(
        task('service', { phase: 'close', owner: service }),
        task('pool.drain', { phase: 'drain', owner: pool }),
        task('pool.close', { phase: 'close', owner: pool }),
      ),
    ).toEqual([]);
  });
});
