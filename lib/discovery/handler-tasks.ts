import type { MistakeList } from '../plan/mistake.js';
import type { ShutdownContext, ShutdownTask } from '../plan/task.js';
import { HANDLER_KEYS, readHandler, type Handler } from './handler.js';
import type { MarkedInstance } from './provider-scan.js';
import { distinctNames } from './task-name.js';

/** Creates a task for each handler found. */
export function handlerTasks(
  providers: readonly MarkedInstance[],
  mistakes: MistakeList,
): readonly ShutdownTask[] {
  const handlers = providers.flatMap((provider) =>
    provider.marks
      .filter((mark) => mark.decorator === '@OnShutdown')
      .flatMap((mark) => readHandler(provider, mark, mistakes)),
  );
  const names = distinctNames(handlers);
  return handlers.map((handler, index) => taskOf(handler, names[index] ?? handler.label));
}

function taskOf({ provider, instance, mark }: Handler, name: string): ShutdownTask {
  const settings: Record<string, unknown> = {};
  // Unknown keys were already reported with the handler.
  for (const key of HANDLER_KEYS) {
    const value = mark.settings[key];
    if (value !== undefined) settings[key] = value;
  }
  return {
    ...settings,
    name,
    owner: provider.owner,
    run: (context: ShutdownContext): unknown => {
      const method: unknown = Reflect.get(instance, mark.method);
      return typeof method === 'function' ? Reflect.apply(method, instance, [context]) : undefined;
    },
  };
}
