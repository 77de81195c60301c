import type { ShutdownContext, ShutdownTask } from '../plan/task.js';
import type { ManualClock } from './manual-clock.js';

/** What goes wrong in a task. Times are milliseconds of the manual clock. */
export type Fault =
  /** It never settles and looks at no signal: it is abandoned when its time is over. */
  | { readonly kind: 'hang' }
  /** It throws instead of running; without an `error` one that says that it was injected. */
  | { readonly kind: 'throw'; readonly error?: unknown }
  /** It does its work only when its time has been over for `byMs`, 1 where nothing is given. */
  | { readonly kind: 'settle-late'; readonly byMs?: number }
  /** It waits for `ms`, and then does its work. */
  | { readonly kind: 'slow'; readonly ms: number };

/** What a fault is told apart by. */
export type FaultKind = Fault['kind'];

/** Every kind of fault. */
export const FAULT_KINDS: readonly FaultKind[] = ['hang', 'throw', 'settle-late', 'slow'];

/** Keys of a task that are taken over as they are; they may be getters of a class. */
const KEPT = ['phase', 'mode', 'order', 'after', 'timeout', 'owner', 'expectedMs'] as const;

/** The same task, with the fault that is found when it runs, if there is one then. */
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
