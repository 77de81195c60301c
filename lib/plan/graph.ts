const NONE: readonly number[] = [];

/** A directed graph over the nodes 0 … size - 1. `from` of an edge ends before `to` starts. */
export class Graph {
  /** Most nodes have one edge or none, so a list is created with the first edge. */
  readonly #successors: (number[] | undefined)[];

  constructor(size: number) {
    this.#successors = Array.from({ length: size });
  }

  get size(): number {
    return this.#successors.length;
  }

  addNode(): number {
    return this.#successors.push(undefined) - 1;
  }

  addEdge(from: number, to: number): void {
    const successors = this.#successors[from];
    if (successors) successors.push(to);
    else this.#successors[from] = [to];
  }

  after(node: number): readonly number[] {
    return this.#successors[node] ?? NONE;
  }

  forEachEdge(visit: (from: number, to: number) => void): void {
    for (let from = 0; from < this.size; from += 1) {
      for (const to of this.after(from)) visit(from, to);
    }
  }

  /** The in-degree of each node. */
  waitCounts(): Uint32Array {
    const counts = new Uint32Array(this.size);
    this.forEachEdge((_, to) => {
      counts[to] = (counts[to] ?? 0) + 1;
    });
    return counts;
  }

  /** The nodes that depend on `start`, directly or indirectly, without `start`. */
  reachableFrom(start: number): Set<number> {
    const reached = new Set<number>();
    const open = [start];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      for (const to of this.after(node)) {
        if (reached.has(to)) continue;
        reached.add(to);
        open.push(to);
      }
    }
    reached.delete(start);
    return reached;
  }

  /** The same nodes with every edge reversed. */
  reversed(): Graph {
    const reversed = new Graph(this.size);
    this.forEachEdge((from, to) => reversed.addEdge(to, from));
    return reversed;
  }
}

/** The nodes of a graph in topological order, or a cycle that prevents one. */
export type Ordering =
  | { readonly kind: 'ordered'; readonly order: readonly number[] }
  | { readonly kind: 'cyclic'; readonly cycle: readonly number[] };

/**
 * Orders the nodes topologically in O(V + E), as close to `preference` as the edges allow: a node that must wait moves
 * back, no node moves forward.
 *
 * Depth-first search over the successors, from the last preferred node to the first; the result is the reversed
 * post-order. It has its own stack, since a chain of tasks may be longer than the call stack.
 */
export function topologicalOrder(graph: Graph, preference: readonly number[]): Ordering {
  const unseen = 0;
  const open = 1;
  const done = 2;
  const marks = new Uint8Array(graph.size);
  const order: number[] = [];
  const path: number[] = [];
  const cursors: number[] = [];

  for (let index = preference.length - 1; index >= 0; index -= 1) {
    const root = preference[index];
    if (root === undefined || marks[root] !== unseen) continue;
    path.push(root);
    cursors.push(graph.after(root).length);
    marks[root] = open;
    while (path.length > 0) {
      const top = path.length - 1;
      const node = path[top] ?? 0;
      const cursor = (cursors[top] ?? 0) - 1;
      cursors[top] = cursor;
      if (cursor < 0) {
        marks[node] = done;
        order.push(node);
        path.pop();
        cursors.pop();
        continue;
      }
      const next = graph.after(node)[cursor] ?? 0;
      if (marks[next] === open) return { kind: 'cyclic', cycle: path.slice(path.indexOf(next)) };
      if (marks[next] === done) continue;
      marks[next] = open;
      path.push(next);
      cursors.push(graph.after(next).length);
    }
  }
  return { kind: 'ordered', order: order.toReversed() };
}
