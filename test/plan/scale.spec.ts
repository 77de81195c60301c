import { buildPlan } from '../../lib/plan/build-plan.js';
import type { Graph } from '../../lib/plan/graph.js';
import { InjectionGraph, type Injections } from '../../lib/plan/injection-graph.js';
import type { Mode } from '../../lib/plan/phase.js';
import { arrangeTasks } from '../../lib/plan/task-graph.js';
import type { ShutdownTask } from '../../lib/plan/task.js';

const MANY = 100_000;
const run = (): void => undefined;

function numbered<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function sizeOf(graph: Graph): number {
  let size = graph.size;
  graph.forEachEdge(() => (size += 1));
  return size;
}

/** Nodes and edges of a phase, for each task, name in `after` and injection. */
function sizePerInput(tasks: readonly ShutdownTask[], mode: Mode, injections: Injections = new Map()) {
  const arranged = arrangeTasks(tasks, { mode, injections: new InjectionGraph(injections) });
  if (arranged.kind === 'cyclic') throw new Error('the tasks wait for each other');
  const named = tasks.reduce((sum, { after = [] }) => sum + after.length, 0);
  const injected = Array.from(injections.values()).reduce((sum, each) => sum + each.length, 0);
  return sizeOf(arranged.graph) / (tasks.length + named + injections.size + injected);
}

describe('buildPlan scales', () => {
  test('to 100 000 tasks in 1 000 phases', () => {
    const phases = numbered(1_000, (index) => ({ name: `phase ${index}`, timeout: 10 }));
    const tasks = numbered(MANY, (index) => ({
      name: `task ${index}`,
      phase: `phase ${index % 1_000}`,
      run,
    }));
    const plan = buildPlan(phases, tasks);

    expect(plan.phases.map(({ tasks: members }) => members.length)).toEqual(phases.map(() => 100));
    expect(plan.longestPath.ms).toBe(10_000);
    expect(sizeOf(plan.phaseGraph.graph)).toBe(1_999);
  });

  test('to an `after` chain of 100 000 tasks, in the order of the chain', () => {
    const tasks = numbered(MANY, (index) => ({
      name: `task ${index}`,
      run,
      after: index + 1 < MANY ? [`task ${index + 1}`] : [],
    }));
    const { phases } = buildPlan([{ name: 'close', timeout: 10 }], tasks);

    expect(phases[0]?.tasks.map(({ name }) => name)).toEqual(tasks.map(({ name }) => name).toReversed());
  });

  test('to an injection chain of 100 000 owners, in the order of the chain', () => {
    const owners = numbered(MANY, (index) => ({ index }));
    const injections = new Map(owners.map((owner, index) => [owner, owners.slice(index + 1, index + 2)]));
    const tasks = owners.map((owner, index) => ({ name: `task ${index}`, run, owner })).toReversed();
    const { phases } = buildPlan([{ name: 'close', mode: 'dependency', timeout: 10 }], tasks, injections);

    expect(phases[0]?.tasks[0]?.name).toBe('task 0');
    expect(phases[0]?.tasks.at(-1)?.name).toBe(`task ${MANY - 1}`);
  });

  test('to an injection cycle of 100 000 owners', () => {
    const owners = numbered(MANY, (index) => ({ index }));
    const injections = new Map(owners.map((owner, index) => [owner, [owners[(index + 1) % MANY] ?? owner]]));
    const tasks = owners.map((owner, index) => ({ name: `task ${index}`, run, owner }));
    const { phases } = buildPlan([{ name: 'close', mode: 'dependency', timeout: 10 }], tasks, injections);

    expect(phases[0]?.tasks).toHaveLength(MANY);
  });
});

describe('the task graph of a phase has linearly many nodes and edges', () => {
  const owners = numbered(MANY, (index) => ({ index }));
  const tasks = owners.map((owner, index) => ({ name: `task ${index}`, run, owner }));

  test.each(['parallel', 'sequential'] as const)('in %s mode', (mode) => {
    expect(sizePerInput(tasks, mode)).toBeLessThanOrEqual(2);
  });

  test('with sequential barriers between wide groups', () => {
    const mixed = tasks.map((task, index) =>
      index % 1_000 === 0 ? { ...task, mode: 'sequential' as const } : task,
    );

    expect(sizePerInput(mixed, 'parallel')).toBeLessThanOrEqual(3);
  });

  test('if one owner injects all others', () => {
    const [first = {}, ...others] = owners;

    expect(sizePerInput(tasks, 'dependency', new Map([[first, others]]))).toBeLessThanOrEqual(4);
  });

  test('if all others inject one owner', () => {
    const [first = {}, ...others] = owners;
    const injections = new Map(others.map((owner) => [owner, [first]]));

    expect(sizePerInput(tasks, 'dependency', injections)).toBeLessThanOrEqual(4);
  });

  test('if one owner has many tasks and many injections', () => {
    const [first = {}, ...others] = owners;
    const wide = tasks.map((task, index) => (index % 2 === 0 ? { ...task, owner: first } : task));

    expect(sizePerInput(wide, 'dependency', new Map([[first, others]]))).toBeLessThanOrEqual(4);
  });

  test('if every owner of a layer injects every owner of the next', () => {
    const layers = numbered(10, (layer) => owners.slice(layer * 100, (layer + 1) * 100));
    const injections = new Map(
      layers.flatMap((layer, index) => layer.map((owner) => [owner, layers[index + 1] ?? []] as const)),
    );

    expect(sizePerInput(tasks.slice(0, 1_000), 'dependency', injections)).toBeLessThanOrEqual(2);
  });
});
