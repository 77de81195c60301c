import type { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { EMPTY, from, merge } from 'rxjs';
import type { ProviderSight } from './discovery/provider-scan.js';
import type { ShutdownFeature } from './feature.js';
import { GracefulShutdown } from './graceful-shutdown.js';
import type { ShutdownSettings } from './graceful-shutdown.options.js';
import { eachAdapter, frameworkOf, serverOf } from './http/adapter-host.js';
import { HttpDrain } from './http/http-drain.js';
import { httpDrain } from './http/http-feature.js';
import { ReachedServers } from './http/reached-servers.js';
import { Callers } from './in-flight/callers.js';
import { inFlightWork } from './in-flight/in-flight-feature.js';
import { InFlightWork } from './in-flight/in-flight-work.js';
import { ApplicationShutdown } from './lifecycle/application-shutdown.js';
import type { ApplicationParts } from './lifecycle/enable-graceful-shutdown.js';
import { listenerFailed } from './lifecycle/lifecycle-notices.js';
import { ShutdownHooks } from './lifecycle/shutdown-hooks.js';
import { StartFailures } from './lifecycle/start-failures.js';
import { ShutdownLog } from './logging/shutdown-log.js';
import { moveToFront } from './nest/application-seam.js';
import type { Notice, Notify } from './notice.js';
import { shutdownLimits } from './plan/time-budget.js';
import { ProbeServer } from './probes/probe-server.js';
import { probesFeature } from './probes/probes-feature.js';
import { Probes } from './probes/probes.js';
import { ExitRequests } from './process/exit-requests.js';
import { nodeProcess } from './process/node-process.js';
import { noticeLines } from './process/notice-lines.js';
import type { ProcessGuard } from './process/process-guard.js';
import { secondCopy } from './process/process-notices.js';
import type { ProcessPort } from './process/process-port.js';
import { sharedGuard } from './process/shared-guard.js';
import { systemClock } from './process/system-clock.js';
import { Readiness } from './readiness/readiness.js';
import { unready } from './readiness/unready.js';
import { ReportSinks } from './report-output/report-sinks.js';
import { storedFiles, type ReportFiles } from './report-output/stored-file.js';
import type { Clock } from './run/clock.js';
import { AS_IT_IS, type TaskWrapper } from './run/task-registry.js';
import { watchForUnheardSignals } from './startup-checks/signals-unheard.js';
import { traceRun } from './tracing/run-tracer.js';

/** The machine, as far as a shutdown touches it. */
export interface Ports {
  readonly clock: Clock;
  readonly process: ProcessPort;
  /** The guard of that process. */
  readonly guard: ProcessGuard;
  readonly files: ReportFiles;
  /** Stands between the run and its tasks. */
  readonly tasks: TaskWrapper;
  /** What was found about the machine. */
  readonly notices: readonly Notice[];
}

/** The clock, the process and the files of this machine. */
export function machinePorts(): Ports {
  const { guard, isSecondCopy } = sharedGuard();
  const notices = isSecondCopy ? [secondCopy()] : [];
  return { clock: systemClock, process: nodeProcess, guard, files: storedFiles, tasks: AS_IT_IS, notices };
}

/** What Nest shows of an app. */
export interface NestParts {
  readonly modules: ModulesContainer;
  readonly config: ApplicationConfig;
  /** `undefined` in a preview, in which no adapter is created. */
  readonly adapterHost: HttpAdapterHost | undefined;
  /** Our module, once for each time that it is imported. */
  readonly ownModules: readonly object[];
  /** How providers are seen; without it as instances that Nest has made. */
  readonly sight?: ProviderSight;
}

/** The parts of one shutdown. */
export interface Assembly {
  /** What users inject. */
  readonly face: GracefulShutdown;
  readonly drain: HttpDrain;
  readonly work: InFlightWork;
  readonly probeServer: ProbeServer;
  readonly readiness: Readiness;
  readonly shutdown: ApplicationShutdown;
  /** What Nest calls. */
  readonly hooks: ShutdownHooks;
  /** What `enableGracefulShutdown` connects. */
  readonly lifecycle: ApplicationParts;
}

/** Builds the shutdown of an app, top to bottom: for the module, for the preview of the command, and for tests. */
export function assemble(settings: ShutdownSettings, nest: NestParts, ports: Ports): Assembly {
  const { clock, guard } = ports;
  const { modules, config, adapterHost, ownModules, sight } = nest;
  checkImportedOnce(ownModules.length, settings);

  const log = new ShutdownLog(settings.logger, settings.silenced, (notice) =>
    noticeLines(notice).forEach((line) => ports.process.writeLine(line)),
  );
  const notify: Notify = (notice) => log.notice(notice);
  const onListenerError = (error: unknown): void => notify(listenerFailed(error));
  ports.notices.forEach(notify);

  const beginning = new AbortController();
  const startFailures = new StartFailures();
  const reached = new ReachedServers();
  const isReached = (): boolean | undefined => reached.isReached;
  const readiness = new Readiness({
    signal: beginning.signal,
    isReached,
    reached: reached.first,
    onHoldFailed: (error) => startFailures.report(error),
    notify,
  });

  const work = new InFlightWork(clock);
  const callers = new Callers(work);
  const probes = new Probes(settings.probes, () => readiness.state);
  const probeServer = new ProbeServer(probes, {
    address: settings.probes,
    started: readiness.started,
    notify,
  });
  // Probes are answered to the end, whatever becomes of other late requests.
  const http = settings.http && { ...settings.http, serve: [...settings.http.serve, ...probes.paths] };
  const drain = new HttpDrain(http, clock, { reached, first: probes.first, notify });
  if (adapterHost !== undefined) {
    eachAdapter(adapterHost, (adapter) => drain.followAdapter(adapter, frameworkOf(adapter)));
  }
  const server = () => serverOf(adapterHost);

  const others: readonly ShutdownFeature[] = settings.features.map((make) =>
    make({
      modules,
      config,
      clock,
      mistakes: settings.mistakes,
      phase: settings.featurePhase,
      notify,
      watch: (each) => drain.watch(each),
      callers,
      isInitialised: () => readiness.isInitialised,
    }),
  );
  const features: readonly ShutdownFeature[] = [
    unready(settings.shutdownDelay, { clock, isReached }),
    httpDrain(drain, { server, others }),
    inFlightWork(work, { phase: settings.inFlightPhase, callers }),
    ...(adapterHost === undefined
      ? []
      : [probesFeature(probes, () => (server() === undefined ? undefined : adapterHost.httpAdapter))]),
    { prepare: () => [], follow: () => traceRun(onListenerError) },
    ...others,
  ];

  // Before the first line of a shutdown: the reader of the output may have gone with what asked for it.
  const onAsked = (): void => guard.keepWriting();
  const shutdown = new ApplicationShutdown({
    settings,
    modules,
    clock,
    beginning,
    features,
    sight,
    tasks: ports.tasks,
    notify,
    onPlanned: (plan) => log.planned(plan),
    onReported: (report) => log.reported(report),
    onAsked,
    onEvent: (event) => log.event(event),
  });
  // Not a feature: it reads the report, which has an event only when every feature has seen it.
  const reportOutput = new ReportSinks(settings.report, {
    clock: shutdown.clock,
    files: ports.files,
    inKubernetes: ports.process.platform.inKubernetes,
    report: () => shutdown.report,
    awaited: () => shutdown.awaited,
    notify,
    onExit: (listener) => guard.onExit(listener),
  });
  shutdown.events$.subscribe((event) => reportOutput.observe(event));

  const hooks = new ShutdownHooks(shutdown, {
    runAt: settings.runAt,
    standsInFront: ownModules.every(moveToFront),
    notify,
    parts: { probePort: probeServer, reportOutput, readiness },
  });
  watchForUnheardSignals({
    listening$: merge(adapterHost?.listen$ ?? EMPTY, from(reached.first)),
    beginning: beginning.signal,
    clock,
    wanted: settings.signals,
    listeners: (signal) => ports.process.listenerCount(signal),
    notify,
  });
  // Without enableGracefulShutdown(app) nothing can close the app.
  startFailures.listen((error) => void shutdown.run({ kind: 'error', error, origin: 'unhandledRejection' }));

  const { signals, ipc, fatalErrors, abortSignal, exit, runAt } = settings;
  const limits = shutdownLimits(settings.gracePeriod, settings.phaseGraph);
  const exits = new ExitRequests();
  const lifecycle: ApplicationParts = {
    target: shutdown,
    hooks,
    onAsked,
    clock,
    notify,
    runAt,
    exit,
    limit: limits.run,
    closeLimit: limits.exit,
    startLimit: limits.start,
    reported: () => reportOutput.settled(),
    drainsHttp: settings.http !== false,
    onApplication: (app) => drain.followApplication(app),
    startFailures,
    onStart: (outcome) => probeServer.startEnded(outcome),
    process: ports.process,
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
      onForcedEnd: (end, reason) => reportOutput.end(end, reason),
    },
  };
  const face = new GracefulShutdown(shutdown, exits);
  return { face, drain, work, probeServer, readiness, shutdown, hooks, lifecycle };
}

/** An app shuts down once, so its module may be imported once. */
function checkImportedOnce(imports: number, { mistakes }: Pick<ShutdownSettings, 'mistakes'>): void {
  if (imports < 2) return;
  mistakes.add(
    'SHUTDOWN_DUPLICATE_MODULE',
    'GracefulShutdownModule',
    'the module is imported more than once, and an app shuts down once. It is global: import it in the root module alone.',
  );
}
