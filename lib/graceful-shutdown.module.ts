import { ConfigurableModuleBuilder, Module, type DynamicModule, type Provider } from '@nestjs/common';
import type { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { from, merge } from 'rxjs';
import { GracefulShutdown } from './graceful-shutdown.js';
import {
  resolveOptions,
  type GracefulShutdownOptions,
  type ShutdownSettings,
} from './graceful-shutdown.options.js';
import {
  BEGINNING,
  FEATURES,
  OPTIONS,
  REACHED,
  SETTINGS,
  SHUTDOWN_CLOCK,
  START_FAILURES,
  checkImportedOnce,
  featureProviders,
  token,
} from './graceful-shutdown.features.js';
import type { ShutdownFeature } from './graceful-shutdown.feature.js';
import { HttpDrain } from './http/http-drain.js';
import type { ReachedServers } from './http/reached-servers.js';
import { InFlightWork } from './in-flight/in-flight-work.js';
import { LIFECYCLE, type ApplicationParts } from './lifecycle/enable-graceful-shutdown.js';
import { ExitRequests } from './lifecycle/exit-requests.js';
import { diagnoseWhenListening } from './lifecycle/listening-diagnosis.js';
import { moveToFront } from './lifecycle/nest-seams.js';
import { nodeProcess } from './lifecycle/node-process.js';
import type { ProcessGuard } from './lifecycle/process-guard.js';
import { sharedGuard } from './lifecycle/shared-guard.js';
import { ShutdownHooks } from './lifecycle/shutdown-hooks.js';
import type { StartFailures } from './lifecycle/start-failures.js';
import { systemClock } from './lifecycle/system-clock.js';
import { ShutdownLog } from './logging/shutdown-log.js';
import { HTTP_HOST, MODULES, nestProviders } from './graceful-shutdown.nest.js';
import { shutdownLimits } from './plan/time-budget.js';
import { ProbeServer } from './probes/probe-server.js';
import { Readiness } from './readiness/readiness.js';
import type { Clock } from './run/clock.js';
import { AS_IT_IS, type TaskWrapper } from './run/task-registry.js';
import { ReportSinks } from './sinks/report-sinks.js';
import { storedFiles, type ReportFiles } from './sinks/stored-file.js';

export { SHUTDOWN_CLOCK };

/** The token of the guard of the process, for tests that run an application in a process of their own. */
export const PROCESS_GUARD = token('process-guard');

/** The token of what a test puts between the run and its tasks. */
export const TASK_WRAPPER = token('task-wrapper');

/** The token of the files that reports go to, for tests that leave those of the machine alone. */
export const REPORT_FILES = token('report-files');

const { ConfigurableModuleClass, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<GracefulShutdownOptions>({ optionsInjectionToken: OPTIONS })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createGracefulShutdownOptions')
    .setExtras({}, (definition) => ({ ...definition, global: true }))
    .build();

const providers: readonly Provider[] = [
  ...nestProviders,
  {
    provide: SETTINGS,
    inject: [OPTIONS, MODULES],
    useFactory: (options: unknown, modules: ModulesContainer): ShutdownSettings => {
      const settings = resolveOptions(options, nodeProcess.platform);
      checkImportedOnce(ownModules(modules).length, settings.mistakes);
      return settings;
    },
  },
  { provide: SHUTDOWN_CLOCK, useValue: systemClock },
  {
    provide: ShutdownLog,
    inject: [SETTINGS],
    useFactory: ({ logger, silenced }: ShutdownSettings) =>
      new ShutdownLog(logger, silenced, (line) => nodeProcess.writeLine(line)),
  },
  {
    provide: PROCESS_GUARD,
    inject: [ShutdownLog],
    useFactory: (log: ShutdownLog): ProcessGuard => {
      const { guard, isSecondCopy } = sharedGuard();
      if (isSecondCopy) log.notice({ kind: 'second-copy' });
      return guard;
    },
  },
  ...featureProviders,
  { provide: TASK_WRAPPER, useValue: AS_IT_IS },
  { provide: ExitRequests, useFactory: () => new ExitRequests() },
  {
    provide: GracefulShutdown,
    inject: [
      SETTINGS,
      MODULES,
      SHUTDOWN_CLOCK,
      ShutdownLog,
      BEGINNING,
      FEATURES,
      TASK_WRAPPER,
      PROCESS_GUARD,
      ExitRequests,
    ],
    useFactory: (
      settings: ShutdownSettings,
      modules: ModulesContainer,
      clock: Clock,
      log: ShutdownLog,
      beginning: AbortController,
      features: readonly ShutdownFeature[],
      wrapper: TaskWrapper,
      guard: ProcessGuard,
      exits: ExitRequests,
    ) =>
      new GracefulShutdown({
        settings,
        modules,
        clock,
        beginning,
        features,
        wrapper,
        exits,
        notify: (notice) => log.notice(notice),
        onEvent: (event) => {
          // Before the first line of the run: whoever reads the output may have gone with what asked for it.
          if (event.type === 'run-started') guard.keepWriting();
          log.event(event);
        },
      }),
  },
  { provide: REPORT_FILES, useValue: storedFiles },
  {
    provide: ReportSinks,
    inject: [GracefulShutdown, SETTINGS, ShutdownLog, PROCESS_GUARD, REPORT_FILES],
    useFactory: (
      shutdown: GracefulShutdown,
      { report }: ShutdownSettings,
      log: ShutdownLog,
      guard: ProcessGuard,
      files: ReportFiles,
    ): ReportSinks => {
      const sinks = new ReportSinks(report, {
        clock: shutdown.clock,
        files,
        inKubernetes: nodeProcess.platform.inKubernetes,
        report: () => shutdown.report,
        awaited: () => shutdown.awaited,
        notify: (notice) => log.notice(notice),
        onExit: (listener) => guard.onExit(listener),
      });
      shutdown.events$.subscribe((event) => sinks.observe(event));
      return sinks;
    },
  },
  {
    provide: ShutdownHooks,
    inject: [GracefulShutdown, SETTINGS, ShutdownLog, MODULES],
    useFactory: (
      shutdown: GracefulShutdown,
      { runAt }: ShutdownSettings,
      log: ShutdownLog,
      modules: ModulesContainer,
    ) =>
      new ShutdownHooks(shutdown, {
        runAt,
        standsInFront: ownModules(modules).every(moveToFront),
        notify: (notice) => log.notice(notice),
      }),
  },
  {
    provide: token('listening-diagnosis'),
    inject: [HTTP_HOST, REACHED, BEGINNING, SETTINGS, SHUTDOWN_CLOCK, ShutdownLog, PROCESS_GUARD],
    useFactory: (
      host: HttpAdapterHost,
      reached: ReachedServers,
      beginning: AbortController,
      { signals }: ShutdownSettings,
      clock: Clock,
      log: ShutdownLog,
      guard: ProcessGuard,
    ) =>
      diagnoseWhenListening({
        listening$: merge(host.listen$, from(reached.first)),
        beginning: beginning.signal,
        clock,
        diagnose: () => guard.diagnoseSilence(signals),
        notify: (notice) => log.notice(notice),
      }),
  },
  {
    provide: LIFECYCLE,
    inject: [
      GracefulShutdown,
      ShutdownHooks,
      SETTINGS,
      SHUTDOWN_CLOCK,
      ShutdownLog,
      PROCESS_GUARD,
      ReportSinks,
      ExitRequests,
      HttpDrain,
      ProbeServer,
      START_FAILURES,
    ],
    useFactory: (
      shutdown: GracefulShutdown,
      hooks: ShutdownHooks,
      settings: ShutdownSettings,
      clock: Clock,
      log: ShutdownLog,
      guard: ProcessGuard,
      sinks: ReportSinks,
      exits: ExitRequests,
      drain: HttpDrain,
      probes: ProbeServer,
      startFailures: StartFailures,
    ): ApplicationParts => {
      // Without enableGracefulShutdown(app) nobody can close the application.
      startFailures.listen(
        (error) => void shutdown.run({ kind: 'error', error, origin: 'unhandledRejection' }),
      );
      const { signals, ipc, fatalErrors, abortSignal, exit, runAt, phaseGraph } = settings;
      const limits = shutdownLimits(settings.gracePeriod, phaseGraph);
      return {
        target: shutdown,
        hooks,
        clock,
        notify: (notice) => log.notice(notice),
        runAt,
        exit,
        limit: limits.run,
        closeLimit: limits.exit,
        startLimit: limits.start,
        reported: () => sinks.settled(),
        drainsHttp: settings.http !== false,
        onApplication: (app) => drain.followApplication(app),
        startFailures,
        onStart: (outcome) => {
          if (outcome === 'failed') probes.close();
          else void probes.open().catch((error: unknown) => log.notice({ kind: 'probes-failed', error }));
        },
        guard,
        exits,
        guarded: {
          signals,
          ipc,
          fatalErrors,
          abortSignal,
          exit,
          log,
          exitLimit: limits.exit,
          isClean: () => shutdown.report?.outcome === 'completed',
          running: () => shutdown.awaited.map(({ task }) => task),
          onForcedEnd: (end, reason) => sinks.end(end, reason),
        },
      };
    },
  },
];

/**
 * Shuts the application down in phases. Import it once, in the root module; it is global.
 *
 * `forRootAsync` takes `useFactory`, `useClass` or `useExisting`; a class answers with the options from
 * `createGracefulShutdownOptions()`.
 */
@Module({
  providers: [...providers],
  exports: [GracefulShutdown, HttpDrain, InFlightWork, ProbeServer, Readiness],
})
export class GracefulShutdownModule extends ConfigurableModuleClass {
  /**
   * The module with options that are written down.
   *
   * Mistakes in them are told when the application starts, by a `ShutdownConfigurationError`.
   */
  static override forRoot(options: GracefulShutdownOptions = {}): DynamicModule {
    return super.forRoot(options);
  }

  /** The module with options that are made when the application is, from other providers. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }
}

/** Our own module, as often as it is in the application. */
function ownModules(modules: ModulesContainer) {
  return [...modules.values()].filter((module) => module.metatype === GracefulShutdownModule);
}
