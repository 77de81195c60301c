import type { DoorCallers } from '../feature.js';
import type { ShutdownContext, ShutdownTask } from '../plan/task.js';
import { divideDrain } from '../plan/time-budget.js';
import { millisecondsUntil, type Clock } from '../run/clock.js';
import { within } from '../run/expiry.js';
import { replaceMethod } from '../nest/members.js';
import type { AnsweringStreams } from './answering-streams.js';
import type { TransportDrain } from './transport-drain.js';

/**
 * Milliseconds before the deadline at which a server stops serving callers in the process, so that it can finish
 * what it has taken. At most half of the time that is left.
 */
const RESERVE = 1_000;

/** The place of the task in the plan, and what it shares with other tasks. */
export interface DrainTaskPorts {
  readonly name: string;
  readonly phase: string;
  readonly clock: Clock;
  readonly answers: AnsweringStreams;
  /** The work in flight that may call this server. */
  readonly callers: DoorCallers;
  /** Whether anything in the process may call it. */
  readonly mayBeCalled: () => boolean;
}

/**
 * The task that drains a server: stop, wait, flush, finish; at the deadline, cut. A server that never listened has
 * nothing to drain. One that the app itself may call stops after its callers have ended.
 */
export function drainTask(server: object, drain: TransportDrain, ports: DrainTaskPorts): ShutdownTask {
  const { name, phase, callers } = ports;
  let status: 'made' | 'listening' = 'made';
  replaceMethod(server, 'listen', (original) => (...args) => {
    status = 'listening';
    return original(...args);
  });
  callers.addDoor(name, drain.work);
  return {
    name,
    phase,
    inFlight: () => drain.work.items,
    run: async ({ signal, deadline }: ShutdownContext) => {
      if (status === 'made') return;
      signal.addEventListener('abort', () => cut(drain), { once: true });
      const failures: unknown[] = [];
      // If the broker is gone, work in flight must still finish.
      const attempt = async (step: () => unknown): Promise<void> => {
        try {
          await step();
        } catch (error) {
          failures.push(error);
        }
      };
      ports.answers.end();
      if (ports.mayBeCalled()) {
        await attempt(() => drain.leave?.());
        await callersEnded(deadline, ports);
      }
      await attempt(() => drain.stop());
      await drain.work.idle();
      await attempt(() => drain.flush?.());
      await attempt(() => drain.finish?.());
      if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures);
    },
  };
}

/** Resolves when no caller is left, or when the rest of the time is needed to finish what has been taken. */
async function callersEnded(deadline: number, { clock, callers, phase }: DrainTaskPorts): Promise<void> {
  const { waitMs } = divideDrain(millisecondsUntil(deadline, clock), RESERVE);
  await within(callers.ended(phase), { ms: waitMs, clock });
}

/** Runs in an event listener at the deadline: an error thrown here would end the process. */
function cut(drain: TransportDrain): void {
  try {
    drain.close?.();
  } catch {
    // Nest closes the server next.
  }
}
