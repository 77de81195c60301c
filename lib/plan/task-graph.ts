import { Graph, topologicalOrder } from './graph.js';
import type { InjectionGraph } from './injection-graph.js';
import type { Mode } from './phase.js';
import type { ShutdownTask } from './task.js';

/** The tasks of one phase as a graph. Node `n` is task `n`; nodes beyond the last task are gates. */
export type TaskGraph =
  | { readonly kind: 'ordered'; readonly graph: Graph; readonly order: readonly number[] }
  | { readonly kind: 'cyclic'; readonly cycle: readonly number[] };

/** What the order of the tasks depends on, apart from the tasks. */
export interface Arrangement {
  /** The mode of the phase. */
  readonly mode: Mode;
  readonly injections: InjectionGraph;
  /**
   * How many tasks, counted from the first, have started. They come before all others and wait for nothing.
   * @default 0
   */
  readonly started?: number;
}

/**
 * Orders the tasks of a phase by mode, `order`, `after` and injection, in O(V + E).
 *
 * `after` and injection are constraints; `order` is a preference among the orders that they allow. In the resulting
 * sequence a `sequential` task is a barrier: it waits for all tasks since the previous barrier, and all tasks up to the
 * next barrier wait for it.
 */
export function arrangeTasks(
  tasks: readonly ShutdownTask[],
  { mode, injections, started = 0 }: Arrangement,
): TaskGraph {
  const arrangement = { mode, injections, started };
  const graph = new Graph(tasks.length);
  addNamedEdges(graph, tasks, started);
  addInjectionEdges(graph, tasks, arrangement);
  const gates = Array.from({ length: graph.size - tasks.length }, (_, index) => tasks.length + index);
  const ordering = topologicalOrder(graph, [...gates, ...wishedOrder(tasks, arrangement)]);
  if (ordering.kind === 'cyclic') {
    return { kind: 'cyclic', cycle: ordering.cycle.filter((node) => node < tasks.length) };
  }
  const order = ordering.order.filter((node) => node < tasks.length);
  addBarriers(graph, order, (node) => modeOf(tasks[node], mode) === 'sequential');
  return { kind: 'ordered', graph, order };
}

function modeOf(task: ShutdownTask | undefined, phaseMode: Mode): Mode {
  return task?.mode ?? phaseMode;
}

function addNamedEdges(graph: Graph, tasks: readonly ShutdownTask[], started: number): void {
  if (!tasks.some((task) => task.after?.length)) return;
  const nodes = new Map(tasks.map((task, node) => [task.name, node]));
  tasks.forEach((task, node) => {
    if (node < started) return;
    for (const name of task.after ?? []) {
      const earlier = nodes.get(name);
      // `checkAfter` reports a task that waits for itself.
      if (earlier !== undefined && earlier !== node) graph.addEdge(earlier, node);
    }
  });
}

/**
 * Adds an entry gate for each component of the injection graph. It opens when the tasks of everything that injects the
 * component have ended, also through providers without a task. A component with several tasks has an exit gate as well,
 * which opens when all of them have ended; a single task is its own entry and exit.
 *
 * Gates keep the number of edges linear. Only gates that the tasks of this phase reach are built.
 */
function addInjectionEdges(
  graph: Graph,
  tasks: readonly ShutdownTask[],
  { mode, injections, started }: Required<Arrangement>,
): void {
  const tasksOf = tasksByComponent(tasks, mode, injections);
  if (tasksOf.size < 2) return;

  const entries = new Map<number, number>();
  const open: number[] = [];
  const entryOf = (component: number): number => {
    const known = entries.get(component);
    if (known !== undefined) return known;
    const [first = -1, second] = tasksOf.get(component) ?? [];
    const entry = first >= started && second === undefined ? first : graph.addNode();
    entries.set(component, entry);
    open.push(component);
    return entry;
  };
  for (const component of tasksOf.keys()) entryOf(component);
  for (let component = open.pop(); component !== undefined; component = open.pop()) {
    const members = tasksOf.get(component) ?? [];
    const exit = addMembers(graph, entryOf(component), { members, started });
    for (const injected of injections.injectedBy(component)) graph.addEdge(exit, entryOf(injected));
  }
}

/** Puts the tasks of a component between its entry and its exit. Returns the exit. */
function addMembers(
  graph: Graph,
  entry: number,
  { members, started }: { readonly members: readonly number[]; readonly started: number },
): number {
  if (members.length === 0 || members[0] === entry) return entry;
  const exit = graph.addNode();
  graph.addEdge(entry, exit);
  for (const member of members) {
    // A started task cannot wait any more.
    if (member >= started) graph.addEdge(entry, member);
    graph.addEdge(member, exit);
  }
  return exit;
}

function tasksByComponent(
  tasks: readonly ShutdownTask[],
  mode: Mode,
  injections: InjectionGraph,
): ReadonlyMap<number, readonly number[]> {
  const tasksOf = new Map<number, number[]>();
  tasks.forEach((task, node) => {
    if (modeOf(task, mode) !== 'dependency') return;
    const component = injections.componentOf(task.owner);
    if (component === undefined) return;
    const members = tasksOf.get(component);
    if (members) members.push(node);
    else tasksOf.set(component, [node]);
  });
  return tasksOf;
}

/**
 * The preferred order: started tasks, then by `order`, then (in `dependency` mode) injecting tasks before injected ones,
 * then as discovered.
 */
function wishedOrder(
  tasks: readonly ShutdownTask[],
  { mode, injections, started }: Required<Arrangement>,
): readonly number[] {
  // Computed once per task, not once per comparison.
  const wishes = tasks.map((task, node) => ({
    node,
    begun: Number(node < started),
    order: task.order ?? 0,
    component: mode === 'dependency' ? (injections.componentOf(task.owner) ?? -1) : 0,
  }));
  return wishes
    .toSorted(
      (a, b) => b.begun - a.begun || a.order - b.order || b.component - a.component || a.node - b.node,
    )
    .map(({ node }) => node);
}

function addBarriers(graph: Graph, order: readonly number[], isBarrier: (node: number) => boolean): void {
  let barrier: number | undefined;
  let together: number[] = [];
  for (const node of order) {
    if (!isBarrier(node)) {
      if (barrier !== undefined) graph.addEdge(barrier, node);
      together.push(node);
      continue;
    }
    if (together.length > 0) for (const each of together) graph.addEdge(each, node);
    else if (barrier !== undefined) graph.addEdge(barrier, node);
    barrier = node;
    together = [];
  }
}
