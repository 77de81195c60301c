import type { Graph } from '../plan/graph.js';
import type { StepQueue } from './step-queue.js';

/**
 * Hands out the nodes of a graph, each after its predecessors have completed.
 *
 * A node may complete while it is handed out, and one hand-out may lead to hand-outs of other graphs. Each walk is a
 * separate step, so that the call stack does not grow.
 */
export class Frontier {
  readonly #waitCounts: Uint32Array;
  #ready: number[] = [];
  #walk: 'none' | 'asked for' = 'none';
  #left: number;

  constructor(
    private readonly graph: Graph,
    private readonly ports: {
      readonly steps: StepQueue;
      readonly handOut: (node: number) => void;
    },
  ) {
    this.#waitCounts = graph.waitCounts();
    this.#left = graph.size;
  }

  get isDone(): boolean {
    return this.#left === 0;
  }

  start(): void {
    this.#waitCounts.forEach((count, node) => {
      if (count === 0) this.#ready.push(node);
    });
    this.#askForWalk();
  }

  complete(node: number): void {
    this.#left -= 1;
    for (const next of this.graph.after(node)) {
      const count = (this.#waitCounts[next] ?? 0) - 1;
      this.#waitCounts[next] = count;
      if (count === 0) this.#ready.push(next);
    }
    this.#askForWalk();
  }

  #askForWalk(): void {
    if (this.#walk === 'asked for' || this.#ready.length === 0) return;
    this.#walk = 'asked for';
    this.ports.steps.later(() => this.#handOutReady());
  }

  #handOutReady(): void {
    let index = 0;
    try {
      // By index: with shift(), a wide graph would take quadratic time.
      for (; index < this.#ready.length; index += 1) {
        const node = this.#ready[index];
        if (node !== undefined) this.ports.handOut(node);
      }
    } finally {
      // If a hand-out throws, the next walk hands out the rest.
      this.#ready = this.#ready.slice(index + 1);
      this.#walk = 'none';
    }
  }
}
