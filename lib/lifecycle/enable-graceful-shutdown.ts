import type { INestApplicationContext } from '@nestjs/common';
import { NestApplicationSeam } from '../nest/application-seam.js';
import { ShutdownConfigurationError } from '../plan/mistake.js';
import type { ExitRequests } from '../process/exit-requests.js';
import type { GuardedApplication } from '../process/guarded-application.js';
import type { ProcessGuard, Seat } from '../process/process-guard.js';
import type { ProcessPort } from '../process/process-port.js';
import { checkDrainOpposed } from '../startup-checks/drain-opposed.js';
import { OtherListenersCheck } from '../startup-checks/other-listeners.js';
import { checkPid1 } from '../startup-checks/pid-1.js';
import { checkSignalsKept } from '../startup-checks/signals-kept.js';
import { ApplicationLifecycle, type LifecycleParts } from './application-lifecycle.js';
import type { StartFailures } from './start-failures.js';

/** The token of what `enableGracefulShutdown` needs from the module. */
export const LIFECYCLE = Symbol.for('nestjs-phased-shutdown.lifecycle');

/** The value behind the token `LIFECYCLE`. */
export interface ApplicationParts extends LifecycleParts {
  readonly drainsHttp: boolean;
  /** Receives the application before its routes are registered. */
  readonly onApplication: (app: object) => void;
  readonly startFailures: StartFailures;
  readonly guard: ProcessGuard;
  readonly process: Pick<ProcessPort, 'ancestors' | 'listenerCount'>;
  readonly exits: ExitRequests;
  readonly guarded: Omit<GuardedApplication, 'close'>;
}

const ENABLED = Symbol.for('nestjs-phased-shutdown.enabled');

/**
 * Gives an application the full guarantee, in place of `app.enableShutdownHooks()`. Its phases run first and exactly
 * once, whatever closes it. Signals start the shutdown. A second signal or the end of the grace period exits the
 * process. After a shutdown the process exits by itself, with code 0 if it was clean and 1 otherwise.
 *
 * Works for applications, application contexts, microservices and hybrid applications. Call it once, right after the
 * application is created; further calls change nothing. The returned application works with `await using`.
 *
 * @throws ShutdownConfigurationError with every configuration error in options and handlers, or with
 * `SHUTDOWN_MODULE_MISSING` if `GracefulShutdownModule` is not imported
 */
export function enableGracefulShutdown<T extends INestApplicationContext>(app: T): T & AsyncDisposable {
  const seam = NestApplicationSeam.of(app);
  if (!seam.has(ENABLED)) {
    const { guard, guarded, exits, drainsHttp, onApplication, startFailures, ...parts } = partsOf(seam.raw);
    parts.target.prepare();
    onApplication(seam.raw);
    const { notify } = parts;
    if (drainsHttp) checkDrainOpposed((names) => seam.optionsSet(names)).forEach(notify);
    const otherListeners = new OtherListenersCheck();
    const checkListeners = (): void =>
      otherListeners
        .check({ own: guard.listenedTo, count: (signal) => parts.process.listenerCount(signal) })
        .forEach(notify);
    let seat: Seat | undefined;
    const lifecycle = new ApplicationLifecycle(seam, parts, {
      closed: () => seat?.leave(),
      signalsAdded: (signals) => seat?.listenTo(signals),
    });
    lifecycle.takeOver();
    const attached = guard.attach({
      ...guarded,
      close: (reason) => {
        // Finds listeners that were added after the start.
        checkListeners();
        return lifecycle.close(reason);
      },
    });
    seat = attached;
    exits.connect(attached.exit);
    startFailures.listen((error) => attached.fail(error));
    // By then everything else that listens to signals has been created.
    parts.hooks.whenStarted(() => {
      const ancestors = parts.process.ancestors();
      [...checkPid1(ancestors), ...checkSignalsKept(ancestors)].forEach(notify);
      checkListeners();
      lifecycle.whenStartEnded(() => parts.target.announce());
    });
    seam.define(ENABLED, true);
  }
  // The lifecycle has defined asyncDispose on the application.
  return app as T & AsyncDisposable;
}

/** @param raw the application behind Nest's proxies; the proxies would exit the process instead of throwing */
function partsOf(raw: INestApplicationContext): ApplicationParts {
  try {
    return raw.get<ApplicationParts>(LIFECYCLE, { strict: false });
  } catch (cause) {
    const error = new ShutdownConfigurationError([
      {
        code: 'SHUTDOWN_MODULE_MISSING',
        path: 'enableGracefulShutdown(app)',
        message:
          'the application does not import GracefulShutdownModule. Add GracefulShutdownModule.forRoot() to the imports of its root module.',
      },
    ]);
    error.cause = cause;
    throw error;
  }
}
