import type { INestApplicationContext } from '@nestjs/common';
import { ShutdownConfigurationError } from '../plan/mistake.js';
import { checkDrainOpposed } from '../startup-checks/drain-opposed.js';
import { OtherListenersCheck } from '../startup-checks/other-listeners.js';
import { checkPid1 } from '../startup-checks/pid-1.js';
import { checkSignalsKept } from '../startup-checks/signals-kept.js';
import { ApplicationLifecycle, type LifecycleParts } from './application-lifecycle.js';
import { NestApplicationSeam } from '../nest/application-seam.js';
import type { ExitRequests } from '../process/exit-requests.js';
import type { GuardedApplication } from '../process/guarded-application.js';
import type { ProcessGuard, Seat } from '../process/process-guard.js';
import type { ProcessPort } from '../process/process-port.js';
import type { StartFailures } from './start-failures.js';

/** The token under which the module provides what `enableGracefulShutdown` needs. */
export const LIFECYCLE = Symbol.for('nestjs-phased-shutdown.lifecycle');

/** What the module provides under `LIFECYCLE`. */
export interface ApplicationParts extends LifecycleParts {
  readonly drainsHttp: boolean;
  /** Hands over the application, before its routes are made. */
  readonly onApplication: (app: object) => void;
  readonly startFailures: StartFailures;
  readonly guard: ProcessGuard;
  readonly process: Pick<ProcessPort, 'ancestors' | 'listenerCount'>;
  readonly exits: ExitRequests;
  readonly guarded: Omit<GuardedApplication, 'close'>;
}

const ENABLED = Symbol.for('nestjs-phased-shutdown.enabled');

/**
 * Gives an application the full guarantee, instead of `app.enableShutdownHooks()`: its phases run first and
 * once whatever closes it, signals start the shutdown, a second signal and the grace period end the process,
 * and the process ends by itself with a code that tells how it went.
 *
 * For applications, application contexts, microservices and hybrid applications. Call it once, right after
 * the application is created; a further call changes nothing. The application can then be held with
 * `await using`.
 *
 * @throws ShutdownConfigurationError with every mistake in the options and handlers, and
 * `SHUTDOWN_MODULE_MISSING` where `GracefulShutdownModule` is not imported
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
        // A listener that was added after the start is found now.
        checkListeners();
        return lifecycle.close(reason);
      },
    });
    seat = attached;
    exits.connect(attached.exit);
    startFailures.listen((error) => attached.fail(error));
    // By then all are there that will listen to signals too.
    parts.hooks.whenStarted(() => {
      const ancestors = parts.process.ancestors();
      [...checkPid1(ancestors), ...checkSignalsKept(ancestors)].forEach(notify);
      checkListeners();
      lifecycle.whenStartEnded(() => parts.target.announce());
    });
    seam.define(ENABLED, true);
  }
  // The lifecycle has given the application its asyncDispose.
  return app as T & AsyncDisposable;
}

/** @param raw the application behind its proxies, which would end the process instead of throwing */
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
