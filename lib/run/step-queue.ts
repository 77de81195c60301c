import type { Clock } from './clock.js';

/**
 * The steps of a run, one after the other and never one inside another: what a step asks for waits until the step has
 * returned. A task may register a task that registers a task, to any depth, and the call stack does not grow.
 */
export class StepQueue {
  #steps: (() => void)[] = [];
  #status: 'idle' | 'working' = 'idle';
  #depth = 0;

  constructor(
    private readonly ports: {
      readonly clock: Clock;
      /** Called when no step is left; what it asks for is done before the queue rests. */
      readonly onDone: () => void;
    },
  ) {}

  /** Does it when all steps before it have returned; now where there are none. */
  later(step: () => void): void {
    this.#steps.push(step);
    if (this.#status === 'idle') this.#work();
  }

  /** Does it now, and what it asks for after it. */
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

  /** How many tasks have registered each other from their own functions, up to the one that runs now. */
  get depth(): number {
    return this.#depth;
  }

  /** Does it as a task of this depth. */
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
      // A step throws where the call stack of the user ends within it. The rest goes on from an empty one.
      this.#steps = this.#steps.slice(done);
      this.#status = 'idle';
      this.#depth = depth;
      if (this.#steps.length > 0) this.ports.clock.schedule(() => this.later(() => undefined), 0);
    }
  }
}
