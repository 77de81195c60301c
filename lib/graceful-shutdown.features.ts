import { Server } from 'node:net';
import type { Provider } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { ApplicationInMaking, ShutdownFeature } from './graceful-shutdown.feature.js';
import type { ShutdownSettings } from './graceful-shutdown.options.js';
import { HttpDrain } from './http/http-drain.js';
import { Callers } from './in-flight/callers.js';
import { countWorkOf } from './in-flight/in-flight.decorator.js';
import { InFlightWork } from './in-flight/in-flight-work.js';
import { ShutdownLog } from './logging/shutdown-log.js';
import type { MistakeList } from './plan/mistake.js';
import { ProbeServer } from './probes/probe-server.js';
import { Probes } from './probes/probes.js';
import { Readiness, shutdownDelayTask } from './readiness/readiness.js';
import type { Clock } from './run/clock.js';
import { traceRun } from './tracing/run-tracer.js';

/** A token that another copy of the package finds as well. */
export const token = (name: string): symbol => Symbol.for(`nestjs-phased-shutdown.${name}`);

export const OPTIONS = token('options');
export const SETTINGS = token('settings');
/** An AbortController that aborts as the shutdown begins. */
export const BEGINNING = token('beginning');
export const FEATURES = token('features');
/** Those of the option `features`. */
const USER_FEATURES = token('user-features');

/** The token of the Clock, for tests that run an application on a clock of their own. */
export const SHUTDOWN_CLOCK = token('clock');

/** The features, each as it is injected, and the list of what they put into the shutdown. */
export const featureProviders: readonly Provider[] = [
  { provide: BEGINNING, useFactory: () => new AbortController() },
  {
    provide: Readiness,
    inject: [BEGINNING, HttpAdapterHost],
    useFactory: ({ signal }: AbortController, host: HttpAdapterHost) =>
      new Readiness({ signal, isListening: () => isListening(host) }),
  },
  {
    provide: InFlightWork,
    inject: [SHUTDOWN_CLOCK],
    useFactory: (clock: Clock) => new InFlightWork(clock),
  },
  {
    provide: Callers,
    inject: [InFlightWork],
    useFactory: (work: InFlightWork) => new Callers(work),
  },
  {
    provide: Probes,
    inject: [SETTINGS, Readiness],
    useFactory: ({ probes }: ShutdownSettings, readiness: Readiness) =>
      new Probes(probes, () => readiness.state),
  },
  {
    provide: ProbeServer,
    inject: [SETTINGS, Probes],
    useFactory: ({ probes: address }: ShutdownSettings, probes: Probes) => new ProbeServer(probes, address),
  },
  {
    provide: HttpDrain,
    inject: [SETTINGS, SHUTDOWN_CLOCK, Probes],
    useFactory: ({ http }: ShutdownSettings, clock: Clock, { paths }: Probes) =>
      // Probes are answered to the end, whatever becomes of other late requests.
      new HttpDrain(http && { ...http, serve: [...http.serve, ...paths] }, clock),
  },
  {
    provide: USER_FEATURES,
    inject: [
      SETTINGS,
      ModulesContainer,
      ApplicationConfig,
      SHUTDOWN_CLOCK,
      ShutdownLog,
      HttpDrain,
      Readiness,
      Callers,
    ],
    useFactory: (
      { features, mistakes, featurePhase }: ShutdownSettings,
      modules: ModulesContainer,
      config: ApplicationConfig,
      clock: Clock,
      log: ShutdownLog,
      drain: HttpDrain,
      readiness: Readiness,
      callers: Callers,
    ): readonly ShutdownFeature[] =>
      features.map((make) =>
        make({
          modules,
          config,
          clock,
          mistakes,
          phase: featurePhase,
          notify: (each) => log.notice(each),
          watch: (server) => drain.watch(server),
          callers,
          isInitialised: () => readiness.isInitialised,
        }),
      ),
  },
  {
    provide: FEATURES,
    inject: [
      SETTINGS,
      SHUTDOWN_CLOCK,
      HttpAdapterHost,
      InFlightWork,
      HttpDrain,
      Probes,
      ShutdownLog,
      Callers,
      USER_FEATURES,
    ],
    useFactory: (
      { shutdownDelay, inFlightPhase }: ShutdownSettings,
      clock: Clock,
      host: HttpAdapterHost,
      work: InFlightWork,
      drain: HttpDrain,
      probes: Probes,
      log: ShutdownLog,
      callers: Callers,
      userFeatures: readonly ShutdownFeature[],
    ): readonly ShutdownFeature[] => [
      delayFeature(shutdownDelay, { clock, isListening: () => isListening(host) }),
      {
        prepare: () => {
          const server = serverOf(host);
          if (server !== undefined) drain.watch(server);
          for (const { sockets } of userFeatures) if (sockets !== undefined) drain.leaveTo(sockets);
          return drain.tasks();
        },
      },
      workFeature(work, inFlightPhase),
      { prepare: () => [], observe: (event) => callers.observe(event) },
      {
        prepare: ({ mistakes }) => {
          probes.mount(serverOf(host) === undefined ? undefined : host.httpAdapter, mistakes);
          return [];
        },
      },
      {
        prepare: () => [],
        follow: () => traceRun((error) => log.notice({ kind: 'listener-failed', error })),
      },
      ...userFeatures,
    ],
  },
];

/** An application shuts down once, so its module may be imported once. */
export function checkImportedOnce(imports: number, mistakes: MistakeList): void {
  if (imports < 2) return;
  mistakes.add(
    'SHUTDOWN_DUPLICATE_MODULE',
    'GracefulShutdownModule',
    'the module is imported more than once, and an application shuts down once. It is global: import it in the root module alone.',
  );
}

/**
 * The features of an application that Nest only shows in its preview mode: their tasks are the same, but there is
 * no server to watch, and no probe to mount.
 */
export function previewFeatures(
  { shutdownDelay, inFlightPhase, http, features }: ShutdownSettings,
  application: ApplicationInMaking,
): readonly ShutdownFeature[] {
  const { clock } = application;
  const drain = new HttpDrain(http, clock);
  return [
    delayFeature(shutdownDelay, { clock, isListening: () => undefined }),
    { prepare: () => drain.tasks() },
    workFeature(new InFlightWork(clock), inFlightPhase),
    ...features.map((make) => make(application)),
  ];
}

function delayFeature(
  shutdownDelay: number,
  ports: { readonly clock: Clock; readonly isListening: () => boolean | undefined },
): ShutdownFeature {
  return { prepare: () => (shutdownDelay > 0 ? [shutdownDelayTask(shutdownDelay, ports)] : []) };
}

function workFeature(work: InFlightWork, phase: string): ShutdownFeature {
  return {
    prepare: ({ providers, mistakes, register }) => {
      countWorkOf(providers, work, mistakes);
      return [work.drainTask(phase, register)];
    },
    found: (instances, mistakes) => countWorkOf(instances, work, mistakes),
    observe: (event) => work.observe(event, phase),
  };
}

/** The server of the application, if it has one. */
function serverOf(host: HttpAdapterHost): Server | undefined {
  const server: unknown = host.httpAdapter?.getHttpServer();
  return server instanceof Server ? server : undefined;
}

/** Whether the server listens; `undefined` where the application has none. */
function isListening(host: HttpAdapterHost): boolean | undefined {
  return serverOf(host) === undefined ? undefined : host.listening;
}
