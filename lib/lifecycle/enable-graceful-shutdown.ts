import type { INestApplicationContext } from '@nestjs/common';
import { ShutdownConfigurationError } from '../plan/mistake.js';
import { ApplicationLifecycle, type LifecycleParts } from './application-lifecycle.js';
import { NestApplicationSeam } from './nest-seams.js';
import type { Finding } from '../logging/notice.js';
import type { ExitRequests } from './exit-requests.js';
import type { GuardedApplication } from './guarded-application.js';
import type { ProcessGuard, Seat } from './process-guard.js';
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
  readonly exits: ExitRequests;
  readonly guarded: Omit<GuardedApplication, 'close'>;
}

/** Options of Nest's applications that do by themselves what the drain is there to avoid. */
const OPPOSED_TO_THE_DRAIN = ['forceCloseConnections', 'return503OnClosing'];

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
    const options = drainsHttp ? seam.optionsSet(OPPOSED_TO_THE_DRAIN) : [];
    if (options.length > 0) parts.notify({ kind: 'drain-opposed', options });
    let seat: Seat | undefined;
    const lifecycle = new ApplicationLifecycle(seam, parts, {
      closed: () => seat?.leave(),
      signalsAdded: (signals) => seat?.listenTo(signals),
    });
    lifecycle.takeOver();
    const tell = onceForEachSignal(parts.notify);
    const attached = guard.attach({
      ...guarded,
      close: (reason) => {
        // A listener that was added after the start is heard of now.
        guard.diagnoseListeners().forEach(tell);
        return lifecycle.close(reason);
      },
    });
    seat = attached;
    exits.connect(attached.exit);
    startFailures.listen((error) => attached.fail(error));
    // By then all are there that will listen to signals too.
    parts.hooks.whenStarted(() => {
      guard.diagnose().forEach(tell);
      lifecycle.whenStartEnded(() => parts.target.announce());
    });
    seam.define(ENABLED, true);
  }
  // The lifecycle has given the application its asyncDispose.
  return app as T & AsyncDisposable;
}

/** Tells of other listeners once for each signal, however often they are found. */
function onceForEachSignal(notify: (finding: Finding) => void): (finding: Finding) => void {
  const told = new Set<string>();
  return (finding) => {
    if (finding.kind !== 'other-listeners') return notify(finding);
    const signals = finding.signals.filter((signal) => !told.has(signal));
    for (const signal of signals) told.add(signal);
    if (signals.length > 0) notify({ ...finding, signals });
  };
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
