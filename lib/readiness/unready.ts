import type { ShutdownFeature } from '../feature.js';
import { UNREADY_PHASE } from '../plan/phase.js';
import { isFromOutside } from '../plan/reason.js';
import type { ShutdownContext, ShutdownTask } from '../plan/task.js';
import type { Clock } from '../run/clock.js';

/** What the delay asks. */
interface DelayPorts {
  readonly clock: Clock;
  /** Whether anybody can reach a server of the app; `undefined` in an app without a server. */
  readonly isReached: () => boolean | undefined;
}

/**
 * Waits in the phase `unready`, while the app still serves, until load balancers have noticed that it is not ready.
 *
 * @param shutdownDelay milliseconds; 0 adds no task
 */
export function unready(shutdownDelay: number, ports: DelayPorts): ShutdownFeature {
  return { prepare: () => (shutdownDelay > 0 ? [shutdownDelayTask(shutdownDelay, ports)] : []) };
}

/** Does not wait if no client could reach the app, or if nothing outside asked for the shutdown. */
function shutdownDelayTask(shutdownDelay: number, { clock, isReached }: DelayPorts): ShutdownTask {
  return {
    name: 'shutdownDelay',
    phase: UNREADY_PHASE,
    expectedMs: shutdownDelay,
    run: ({ reason, signal }: ShutdownContext) => {
      if (!isFromOutside(reason) || isReached() === false) return undefined;
      return new Promise<void>((resolve) => {
        const timer = clock.schedule(resolve, shutdownDelay);
        signal.addEventListener('abort', () => timer.cancel(), { once: true });
      });
    },
  };
}
