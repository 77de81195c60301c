import { AsyncLocalStorage } from 'node:async_hooks';
import type { ShutdownTask } from '../plan/task.js';
import type { TaskWrapper } from '../run/task-registry.js';

/**
 * Tracks which task of a run a call comes from, across `await`. Stores nothing before the first task starts, so it
 * costs nothing while the application serves.
 */
export class TaskFrames {
  readonly #frames = new AsyncLocalStorage<string>();

  /** The name of the task; `undefined` outside of tasks. */
  get current(): string | undefined {
    return this.#frames.getStore();
  }

  /** Runs each task in its own frame, outside of what another wrapper adds. */
  around(inner: TaskWrapper): TaskWrapper {
    return { wrap: (task) => this.#framed(inner.wrap(task)) };
  }

  #framed(task: ShutdownTask): ShutdownTask {
    return {
      ...task,
      run: (context) => this.#frames.run(task.name, () => task.run(context)),
      // A task may be a class instance, whose methods are not own properties and would not be spread.
      ...(task.inFlight === undefined ? undefined : { inFlight: () => task.inFlight?.() ?? [] }),
    };
  }
}
