import { AsyncLocalStorage } from 'node:async_hooks';
import type { ShutdownTask } from '../plan/task.js';
import type { TaskWrapper } from '../run/task-registry.js';

/**
 * Which task of a run a call comes from, also after an `await` in it. Nothing is stored before the first task of the
 * run starts, so this costs nothing while the application serves.
 */
export class TaskFrames {
  readonly #frames = new AsyncLocalStorage<string>();

  /** The name of the task; `undefined` for a call from outside. */
  get current(): string | undefined {
    return this.#frames.getStore();
  }

  /** Puts each task into a frame of its own, around what another wrapper makes of it. */
  around(inner: TaskWrapper): TaskWrapper {
    return { wrap: (task) => this.#framed(inner.wrap(task)) };
  }

  #framed(task: ShutdownTask): ShutdownTask {
    return {
      ...task,
      run: (context) => this.#frames.run(task.name, () => task.run(context)),
      // A task may be of a class, whose methods are not its own.
      ...(task.inFlight === undefined ? undefined : { inFlight: () => task.inFlight?.() ?? [] }),
    };
  }
}
