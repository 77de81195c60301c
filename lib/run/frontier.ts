import type { Graph } from '../plan/graph.js';

/**
 * Walks a graph that is worked off by others: hands out each node when all before it have completed.
 *
 * A node may complete while it is being handed out; the work list keeps that from growing the call stack.
 */
export class Frontier {
  readonly #waitCounts: Uint32Array;
  readonly #ready: number[] = [];
  #walking = false;
  #left: number;

  constructor(
    private readonly graph: Graph,
    private readonly handOut: (node: number) => void,
  ) {
    this.#waitCounts = graph.waitCounts();
    this.#left = graph.size;
  }

  /** Whether every node has completed. */
  get isDone(): boolean {
    return this.#left === 0;
  }

  start(): void {
    this.#waitCounts.forEach((count, node) => {
      if (count === 0) this.#ready.push(node);
    });
    this.#walk();
  }

  complete(node: number): void {
    this.#left -= 1;
    for (const next of this.graph.after(node)) {
      const count = (this.#waitCounts[next] ?? 0) - 1;
      this.#waitCounts[next] = count;
      if (count === 0) this.#ready.push(next);
    }
    this.#walk();
  }

  #walk(): void {
    if (this.#walking) return;
    this.#walking = true;
    // By index and not by shift(), which would make a wide graph quadratic.
    for (let index = 0; index < this.#ready.length; index += 1) {
      const node = this.#ready[index];
      if (node !== undefined) this.handOut(node);
    }
    this.#ready.length = 0;
    this.#walking = false;
  }
}
