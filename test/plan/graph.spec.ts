import { Graph, topologicalOrder } from '../../lib/plan/graph.js';
import { InjectionGraph } from '../../lib/plan/injection-graph.js';

function graphOf(size: number, ...edges: readonly (readonly [number, number])[]): Graph {
  const graph = new Graph(size);
  for (const [from, to] of edges) graph.addEdge(from, to);
  return graph;
}

describe('topologicalOrder()', () => {
  test('keeps the preferred order if there are no edges', () => {
    expect(topologicalOrder(graphOf(4), [2, 0, 3, 1])).toEqual({ kind: 'ordered', order: [2, 0, 3, 1] });
  });

  test.each<[readonly (readonly [number, number])[], readonly number[]]>([
    [[[1, 0]], [1, 0, 2, 3]],
    [[[2, 0]], [1, 2, 0, 3]],
    [[[3, 0]], [1, 2, 3, 0]],
    [
      [
        [3, 1],
        [1, 0],
      ],
      [2, 3, 1, 0],
    ],
  ])('with the edges %j moves back only what has to wait', (edges, order) => {
    expect(topologicalOrder(graphOf(4, ...edges), [0, 1, 2, 3])).toEqual({ kind: 'ordered', order });
  });

  test('returns the cycle if there is one', () => {
    const ordering = topologicalOrder(graphOf(4, [0, 1], [1, 2], [2, 1], [2, 3]), [0, 1, 2, 3]);

    expect(ordering.kind === 'cyclic' ? ordering.cycle.toSorted() : []).toEqual([1, 2]);
  });

  test('treats a node with an edge to itself as a cycle', () => {
    expect(topologicalOrder(graphOf(1, [0, 0]), [0])).toEqual({ kind: 'cyclic', cycle: [0] });
  });
});

describe('Graph', () => {
  const graph = graphOf(5, [0, 1], [1, 2], [0, 2], [3, 4], [4, 3]);

  test('counts the predecessors of each node', () => {
    expect([...graph.waitCounts()]).toEqual([0, 1, 2, 1, 1]);
  });

  test('finds all nodes that are reachable from a node, without the node itself', () => {
    expect([...graph.reachableFrom(0)].toSorted()).toEqual([1, 2]);
    expect([...graph.reachableFrom(3)]).toEqual([4]);
  });

  test('reverses its edges', () => {
    const edges: (readonly [number, number])[] = [];
    graph.reversed().forEachEdge((from, to) => edges.push([from, to]));

    expect(edges).toEqual([
      [1, 0],
      [2, 0],
      [2, 1],
      [3, 4],
      [4, 3],
    ]);
  });
});

describe('InjectionGraph', () => {
  const [a, b, c, d] = [{}, {}, {}, {}];

  test('merges owners that inject each other into one component', () => {
    const graph = new InjectionGraph(
      new Map([
        [a, [b]],
        [b, [c]],
        [c, [b, d]],
      ]),
    );

    expect(graph.componentOf(b)).toBe(graph.componentOf(c));
    expect(new Set([a, b, d].map((owner) => graph.componentOf(owner))).size).toBe(3);
    expect(graph.injectedBy(graph.componentOf(b) ?? -1)).toEqual([graph.componentOf(d)]);
  });

  test('gives an injected component a lower number than its injectors', () => {
    const graph = new InjectionGraph(
      new Map([
        [a, [b, c]],
        [b, [d]],
        [c, [d]],
      ]),
    );
    const [numberOfA = 0, numberOfB = 0, numberOfD = 0] = [a, b, d].map((owner) => graph.componentOf(owner));

    expect(numberOfA).toBeGreaterThan(numberOfB);
    expect(numberOfB).toBeGreaterThan(numberOfD);
  });

  test('accepts an owner that injects itself', () => {
    const graph = new InjectionGraph(new Map([[a, [a]]]));

    expect(graph.injectedBy(graph.componentOf(a) ?? -1)).toEqual([]);
  });

  test('has no component for an unknown owner', () => {
    expect(new InjectionGraph(new Map([[a, [b]]])).componentOf(c)).toBeUndefined();
    expect(InjectionGraph.EMPTY.componentOf(undefined)).toBeUndefined();
  });
});
