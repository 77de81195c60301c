import type { ShutdownTask } from '../../lib/plan/task.js';
import type { ManualClock } from '../../lib/testing/manual-clock.js';

/** A task that takes `ms` of the clock, in phase `work` by default. */
export function timedTask(
  clock: ManualClock,
  name: string,
  { ms, ...settings }: { readonly ms: number } & Partial<ShutdownTask>,
): ShutdownTask {
  return { name, phase: 'work', run: () => clock.sleep(ms), ...settings };
}

/** A task that never settles. */
export function endlessTask(name: string, settings: Partial<ShutdownTask> = {}): ShutdownTask {
  return { name, phase: 'work', run: () => new Promise(() => undefined), ...settings };
}

/** A task that ends synchronously. */
export function instantTask(name: string, settings: Partial<ShutdownTask> = {}): ShutdownTask {
  return { name, phase: 'work', run: () => undefined, ...settings };
}

/** A task that fails with the message `<name> broke`. */
export function failingTask(name: string, settings: Partial<ShutdownTask> = {}): ShutdownTask {
  return { name, phase: 'work', run: () => Promise.reject(new Error(`${name} broke`)), ...settings };
}
