import { failure, information, warning, type Notice } from '../notice.js';
import { milliseconds } from '../plan/plan-text.js';
import { errorText, reasonText } from '../plan/reason-text.js';
import type { ShutdownReason } from '../plan/reason.js';
import { thrownText } from '../plan/thrown.js';

/** A member of Nest's applications that the shutdown hooks into is not there. */
export function seamMissing(members: readonly string[]): Notice {
  return warning(
    'seam-missing',
    `This version of Nest has no ${members.join(', ')}: some ways to close the app may run the phases late.`,
  );
}

/** Rule 10: something led Nest to its hooks before the phases ran. */
export function runsLate(): Notice {
  return warning(
    'runs-late',
    'The phases run late: Nest has already called the onModuleDestroy hooks of other providers. Call enableGracefulShutdown(app) after the app is created.',
  );
}

export function bootAwaited(reason: ShutdownReason): Notice {
  return information(
    'boot-awaited',
    `Asked to shut down during startup (${reasonText(reason)}): waiting for startup to finish.`,
  );
}

export function bootGivenUp(waitedMs: number): Notice {
  return warning(
    'boot-given-up',
    `Startup did not finish within ${milliseconds(waitedMs)}: shutting down what has started.`,
  );
}

export function teardownFailed(error: unknown): Notice {
  return failure('teardown-failed', `Nest could not close the application: ${errorText(error)}`, error);
}

/** A shutdown handler calls what waits for the end of the run that the handler is part of. */
export function waitsForItself({ task, call }: { readonly task: string; readonly call: string }): Notice {
  return warning(
    'waits-for-itself',
    `'${task}' calls ${call} during the shutdown that it is part of. Awaiting it would wait for itself: remove the call.`,
  );
}

export function planRefused(error: Error): Notice {
  return failure(
    'plan-refused',
    `The shutdown handlers could not be planned and do not run. ${thrownText(error)}`,
    error,
  );
}

export function listenerFailed(error: unknown): Notice {
  return failure(
    'listener-failed',
    `A listener of the shutdown events threw; the shutdown goes on: ${errorText(error)}`,
    error,
  );
}
