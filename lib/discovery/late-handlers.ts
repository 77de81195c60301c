import { MistakeList, ShutdownConfigurationError } from '../plan/mistake.js';
import { distinctName, type ShutdownTask } from '../plan/task.js';
import { handlerTasks } from './handler-tasks.js';
import type { MarkedInstance } from './provider-scan.js';

/** Registers the handlers of instances created after boot. An invalid handler does not keep the others out. */
export function registerLateHandlers(
  found: readonly MarkedInstance[],
  {
    names,
    register,
    mistakes,
  }: {
    readonly names: Iterable<string>;
    readonly register: (task: ShutdownTask) => unknown;
    readonly mistakes: MistakeList;
  },
): void {
  const taken = new Set(names);
  let waiting = handlerTasks(found, mistakes).map((task) => ({
    ...task,
    name: distinctName(task.name, taken),
  }));
  // A handler may name a later one of the list in `after`, so we retry the rest as long as some were registered.
  for (let before = -1; waiting.length !== before;) {
    before = waiting.length;
    waiting = waiting.filter((task) => !isRegistered(task, register, new MistakeList()));
  }
  for (const task of waiting) isRegistered(task, register, mistakes);
}

function isRegistered(
  task: ShutdownTask,
  register: (task: ShutdownTask) => unknown,
  mistakes: MistakeList,
): boolean {
  try {
    register(task);
    return true;
  } catch (error) {
    if (!(error instanceof ShutdownConfigurationError)) throw error;
    for (const { code, path, message } of error.mistakes) mistakes.add(code, path, message);
    return false;
  }
}
