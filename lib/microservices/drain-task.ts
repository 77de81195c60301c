import type { ShutdownContext, ShutdownTask } from '../plan/task.js';
import { replaceMethod } from '../discovery/members.js';
import type { TransportDrain } from './transport-drain.js';

/**
 * The task that drains a server: stop, wait, flush, finish; and cut, when its time is over. A server that never
 * listened has nothing to drain.
 */
export function drainTask(
  server: object,
  drain: TransportDrain,
  { name, phase }: { readonly name: string; readonly phase: string },
): ShutdownTask {
  let status: 'made' | 'listening' = 'made';
  replaceMethod(server, 'listen', (original) => (...args) => {
    status = 'listening';
    return original(...args);
  });
  return {
    name,
    phase,
    inFlight: () => drain.work.items,
    run: async ({ signal }: ShutdownContext) => {
      if (status === 'made') return;
      signal.addEventListener('abort', () => cut(drain), { once: true });
      const failures: unknown[] = [];
      // A broker that is gone must not keep what is in flight from being finished.
      const attempt = async (step: () => unknown): Promise<void> => {
        try {
          await step();
        } catch (error) {
          failures.push(error);
        }
      };
      await attempt(() => drain.stop());
      await drain.work.idle();
      await attempt(() => drain.flush?.());
      await attempt(() => drain.finish?.());
      if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures);
    },
  };
}

/** Nobody waits any more, and what an event listener throws would end the process. */
function cut(drain: TransportDrain): void {
  try {
    drain.close?.();
  } catch {
    // Nest closes it next.
  }
}
