import { Server } from 'node:net';
import type { Provider } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { ShutdownFeature } from './graceful-shutdown.feature.js';
import type { ShutdownSettings } from './graceful-shutdown.options.js';
import { HttpDrain } from './http/http-drain.js';
import { countWorkOf } from './in-flight/in-flight.decorator.js';
import { InFlightWork } from './in-flight/in-flight-work.js';
import { ShutdownLog } from './logging/shutdown-log.js';
import { ProbeServer } from './probes/probe-server.js';
import { Probes } from './probes/probes.js';
import { Readiness, shutdownDelayTask } from './readiness/readiness.js';
import type { Clock } from './run/clock.js';
import { traceRun } from './tracing/run-tracer.js';

/** A token that another copy of the package finds as well. */
export const token = (name: string): symbol => Symbol.for(`nestjs-phased-shutdown.${name}`);

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
    inject: [SETTINGS, ModulesContainer, ApplicationConfig, SHUTDOWN_CLOCK, ShutdownLog],
    useFactory: (
      { features, mistakes, featurePhase }: ShutdownSettings,
      modules: ModulesContainer,
      config: ApplicationConfig,
      clock: Clock,
      log: ShutdownLog,
    ): readonly ShutdownFeature[] =>
      features.map((make) =>
        make({ modules, config, clock, mistakes, phase: featurePhase, notify: (each) => log.notice(each) }),
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
      userFeatures: readonly ShutdownFeature[],
    ): readonly ShutdownFeature[] => [
      {
        prepare: () =>
          shutdownDelay > 0
            ? [shutdownDelayTask(shutdownDelay, { clock, isListening: () => isListening(host) })]
            : [],
      },
      {
        prepare: () => {
          const server = serverOf(host);
          if (server !== undefined) drain.watch(server);
          return drain.tasks();
        },
      },
      {
        prepare: ({ providers, mistakes, register }) => {
          countWorkOf(providers, work, mistakes);
          return [work.drainTask(inFlightPhase, register)];
        },
        observe: (event) => work.observe(event, inFlightPhase),
      },
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

/** The server of the application, if it has one. */
function serverOf(host: HttpAdapterHost): Server | undefined {
  const server: unknown = host.httpAdapter?.getHttpServer();
  return server instanceof Server ? server : undefined;
}

/** Whether the server listens; `undefined` where the application has none. */
function isListening(host: HttpAdapterHost): boolean | undefined {
  return serverOf(host) === undefined ? undefined : host.listening;
}
