import type { ShutdownContext, ShutdownTask } from '../plan/task.js';
import type { ManualClock } from './manual-clock.js';

/** What goes wrong in a task. Times are milliseconds of the fake clock. */
export type Fault =
  /** Never settles and ignores its signal: it is abandoned at its timeout. */
  | { readonly kind: 'hang' }
  /** Throws instead of running; by default an error that says it was injected. */
  | { readonly kind: 'throw'; readonly error?: unknown }
  /** Does its work only `byMs` after its timeout; 1 by default. */
  | { readonly kind: 'settle-late'; readonly byMs?: number }
  /** Waits for `ms`, then does its work. */
  | { readonly kind: 'slow'; readonly ms: number };

/** The kind of a fault. */
export type FaultKind = Fault['kind'];

/** Every kind of fault. */
export const FAULT_KINDS: readonly FaultKind[] = ['hang', 'throw', 'settle-late', 'slow'];

/** Keys of a task to copy; they may be getters of a class and would not be spread. */
const KEPT = ['phase', 'mode', 'order', 'after', 'timeout', 'owner', 'expectedMs'] as const;

/** Wraps a task so that it runs with its injected fault, which is looked up when the task runs. */
export function faulty(
  task: ShutdownTask,
  { clock, faultOf }: { readonly clock: ManualClock; readonly faultOf: (task: string) => Fault | undefined },
): ShutdownTask {
  const { name, inFlight } = task;
  const settings = KEPT.filter((key) => task[key] !== undefined).map((key) => [key, task[key]] as const);
  return {
    ...Object.fromEntries(settings),
    name,
    ...(inFlight === undefined ? undefined : { inFlight: () => inFlight.call(task) }),
    run: (context) => {
      const fault = faultOf(name);
      return fault === undefined ? task.run(context) : runWith(fault, { task, clock, context });
    },
  };
}

async function runWith(
  fault: Fault,
  { task, clock, context }: { task: ShutdownTask; clock: ManualClock; context: ShutdownContext },
): Promise<unknown> {
  switch (fault.kind) {
    case 'hang':
      return new Promise(() => undefined);
    case 'throw':
      throw 'error' in fault ? fault.error : new Error(`a fault was injected into '${task.name}'`);
    case 'settle-late':
      await aborted(context.signal);
      await clock.sleep(fault.byMs ?? 1);
      return task.run(context);
    case 'slow':
      await clock.sleep(fault.ms);
      return task.run(context);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
