import type { Clock } from './clock.js';

/**
 * Runs the steps of a run one after another, never nested: a step that another step requests waits until that one has
 * returned. So a task can register a task that registers a task, to any depth, and the call stack does not grow.
 */
export class StepQueue {
  #steps: (() => void)[] = [];
  #status: 'idle' | 'working' = 'idle';
  #depth = 0;

  constructor(
    private readonly ports: {
      readonly clock: Clock;
      /** Called when no step is left. It may request further steps. */
      readonly onDone: () => void;
    },
  ) {}

  /** Runs the step after all pending steps; immediately if there are none. */
  later(step: () => void): void {
    this.#steps.push(step);
    if (this.#status === 'idle') this.#work();
  }

  /** Runs the step now, also inside another step; the steps that it requests follow. */
  now(step: () => void): void {
    if (this.#status === 'working') {
      step();
      return;
    }
    this.#status = 'working';
    try {
      step();
    } finally {
      this.#work();
    }
  }

  /** The registration depth of the task whose function runs now; 0 outside of tasks. */
  get depth(): number {
    return this.#depth;
  }

  /** Runs the step at this registration depth. */
  at(depth: number, step: () => void): void {
    const outer = this.#depth;
    this.#depth = depth;
    try {
      step();
    } finally {
      this.#depth = outer;
    }
  }

  #work(): void {
    this.#status = 'working';
    const { depth } = this;
    let done = 0;
    try {
      do {
        for (let step = this.#steps[done]; step !== undefined; step = this.#steps[done]) {
          done += 1;
          this.#depth = 0;
          step();
        }
        this.ports.onDone();
      } while (done < this.#steps.length);
    } finally {
      // A step throws if the call stack of the caller overflows in it. The rest continues on an empty stack.
      this.#steps = this.#steps.slice(done);
      this.#status = 'idle';
      this.#depth = depth;
      if (this.#steps.length > 0) this.ports.clock.schedule(() => this.later(() => undefined), 0);
    }
  }
}
