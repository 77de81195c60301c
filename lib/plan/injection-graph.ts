import { Graph } from './graph.js';

/** The owners that each owner injects. */
export type Injections = ReadonlyMap<object, readonly object[]>;

/**
 * The injection graph of an app with its cycles condensed: owners that inject each other (through `forwardRef`) form one
 * component, without an order among themselves.
 *
 * The number of a component is lower than the numbers of the components that inject it.
 */
export class InjectionGraph {
  static readonly EMPTY = new InjectionGraph(new Map());

  readonly #owners: readonly object[];
  readonly #componentByOwner = new Map<object, number>();
  /** Edges go from a component to those that it injects: the order in which their tasks may start. */
  readonly #components: Graph;

  /** @param standIn returns a known owner in place of one that `injections` does not contain */
  constructor(
    injections: Injections,
    private readonly standIn: (owner: object) => object | undefined = () => undefined,
  ) {
    const numbers = new Map<object, number>();
    const numberOf = (owner: object): number => {
      const known = numbers.get(owner);
      if (known !== undefined) return known;
      numbers.set(owner, numbers.size);
      return numbers.size - 1;
    };
    for (const [owner, injected] of injections) {
      numberOf(owner);
      injected.forEach(numberOf);
    }
    const owners = new Graph(numbers.size);
    for (const [owner, injected] of injections) {
      for (const each of injected) owners.addEdge(numberOf(owner), numberOf(each));
    }

    this.#owners = [...numbers.keys()];
    const { componentOf, count } = stronglyConnected(owners);
    numbers.forEach((number, owner) => this.#componentByOwner.set(owner, componentOf[number] ?? 0));
    this.#components = new Graph(count);
    owners.forEachEdge((from, to) => {
      const injector = componentOf[from] ?? 0;
      const injected = componentOf[to] ?? 0;
      if (injector !== injected) this.#components.addEdge(injector, injected);
    });
  }

  get owners(): readonly object[] {
    return this.#owners;
  }

  componentOf(owner: object | undefined): number | undefined {
    if (owner === undefined) return undefined;
    const known = this.#componentByOwner.get(owner);
    if (known !== undefined) return known;
    const other = this.standIn(owner);
    return other && this.#componentByOwner.get(other);
  }

  /** The components that a component injects. */
  injectedBy(component: number): readonly number[] {
    return this.#components.after(component);
  }
}

/**
 * Tarjan's algorithm (R. Tarjan, "Depth-first search and linear graph algorithms", 1972) with its own stack. A component
 * gets its number when it is complete, so after all components that it leads to.
 */
function stronglyConnected(graph: Graph): { readonly componentOf: Int32Array; readonly count: number } {
  const visitedAt = new Int32Array(graph.size).fill(-1);
  const lowest = new Int32Array(graph.size);
  const componentOf = new Int32Array(graph.size).fill(-1);
  const unassigned: number[] = [];
  const path: number[] = [];
  const cursors: number[] = [];
  let visits = 0;
  let count = 0;

  const enter = (node: number): void => {
    visitedAt[node] = visits;
    lowest[node] = visits;
    visits += 1;
    unassigned.push(node);
    path.push(node);
    cursors.push(0);
  };
  const lower = (node: number, to: number): void => {
    lowest[node] = Math.min(lowest[node] ?? 0, to);
  };
  const leave = (node: number): void => {
    path.pop();
    cursors.pop();
    const parent = path.at(-1);
    if (parent !== undefined) lower(parent, lowest[node] ?? 0);
    if (lowest[node] !== visitedAt[node]) return;
    for (let member = unassigned.pop(); member !== undefined; member = unassigned.pop()) {
      componentOf[member] = count;
      if (member === node) break;
    }
    count += 1;
  };

  for (let root = 0; root < graph.size; root += 1) {
    if (visitedAt[root] !== -1) continue;
    enter(root);
    while (path.length > 0) {
      const top = path.length - 1;
      const node = path[top] ?? 0;
      const cursor = cursors[top] ?? 0;
      cursors[top] = cursor + 1;
      const next = graph.after(node)[cursor];
      if (next === undefined) leave(node);
      else if (visitedAt[next] === -1) enter(next);
      else if (componentOf[next] === -1) lower(node, visitedAt[next] ?? 0);
    }
  }
  return { componentOf, count };
}
