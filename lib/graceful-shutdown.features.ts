import { Server } from 'node:net';
import type { Provider } from '@nestjs/common';
import type { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { ApplicationInMaking, ShutdownFeature } from './graceful-shutdown.feature.js';
import type { ShutdownSettings } from './graceful-shutdown.options.js';
import { callMember, isObject, memberOf } from './nest/members.js';
import { CONFIG, HTTP_HOST, MODULES } from './graceful-shutdown.nest.js';
import { HttpDrain } from './http/http-drain.js';
import { ReachedServers } from './http/reached-servers.js';
import { Callers } from './in-flight/callers.js';
import { countWorkOf } from './in-flight/in-flight.decorator.js';
import { InFlightWork } from './in-flight/in-flight-work.js';
import { StartFailures } from './lifecycle/start-failures.js';
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
/** Whether anybody can reach the servers of the application. */
export const REACHED = token('reached');
/** Where it is said that the application cannot become ready, and is to shut down. */
export const START_FAILURES = token('start-failures');
/** Those of the option `features`. */
const USER_FEATURES = token('user-features');

/** The token of the Clock, for tests that run an application on a clock of their own. */
export const SHUTDOWN_CLOCK = token('clock');

/** The features, each as it is injected, and the list of what they put into the shutdown. */
export const featureProviders: readonly Provider[] = [
  { provide: BEGINNING, useFactory: () => new AbortController() },
  { provide: REACHED, useFactory: () => new ReachedServers() },
  { provide: START_FAILURES, useFactory: () => new StartFailures() },
  {
    provide: Readiness,
    inject: [BEGINNING, REACHED, START_FAILURES, ShutdownLog],
    useFactory: (
      { signal }: AbortController,
      reached: ReachedServers,
      failures: StartFailures,
      log: ShutdownLog,
    ) =>
      new Readiness({
        signal,
        isReached: () => reached.isReached,
        reached: reached.first,
        onHoldFailed: (hold, error) => {
          log.notice({ kind: 'hold-failed', hold, error });
          failures.report(error);
        },
      }),
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
    inject: [SETTINGS, Probes, Readiness, ShutdownLog],
    useFactory: (
      { probes: address }: ShutdownSettings,
      probes: Probes,
      readiness: Readiness,
      log: ShutdownLog,
    ) =>
      new ProbeServer(probes, {
        address,
        started: readiness.started,
        onListening: (at) => log.notice({ kind: 'probes-listen', ...at }),
      }),
  },
  {
    provide: HttpDrain,
    inject: [SETTINGS, SHUTDOWN_CLOCK, Probes, REACHED, HTTP_HOST, ShutdownLog],
    useFactory: (
      { http }: ShutdownSettings,
      clock: Clock,
      probes: Probes,
      reached: ReachedServers,
      host: HttpAdapterHost,
      log: ShutdownLog,
    ) => {
      // Probes are answered to the end, whatever becomes of other late requests.
      const settings = http && { ...http, serve: [...http.serve, ...probes.paths] };
      const drain = new HttpDrain(settings, clock, {
        reached,
        first: probes.first,
        onMethodsHidden: () =>
          log.notice({
            kind: 'not-drained',
            what: 'A route handler that goes on after its response',
            why: 'this version of Nest calls controllers in another way, so only their requests are waited for',
          }),
        onServerRefused: () =>
          log.notice({
            kind: 'not-drained',
            what: 'The HTTP server',
            why: 'it is not a server of node:net, as under Bun, so requests in flight are neither seen nor waited for, and the run ends as failed. Run the app on Node or Deno, or set http: false',
          }),
      });
      eachAdapter(host, (adapter) => drain.followAdapter(adapter, frameworkOf(adapter)));
      return drain;
    },
  },
  {
    provide: USER_FEATURES,
    inject: [SETTINGS, MODULES, CONFIG, SHUTDOWN_CLOCK, ShutdownLog, HttpDrain, Readiness, Callers],
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
      HTTP_HOST,
      InFlightWork,
      HttpDrain,
      REACHED,
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
      reached: ReachedServers,
      probes: Probes,
      log: ShutdownLog,
      callers: Callers,
      userFeatures: readonly ShutdownFeature[],
    ): readonly ShutdownFeature[] => [
      delayFeature(shutdownDelay, { clock, isReached: () => reached.isReached }),
      {
        prepare: () => {
          const server: unknown = host.httpAdapter?.getHttpServer();
          if (server instanceof Server) drain.watch(server);
          else if (isObject(server)) drain.refuse();
          for (const { sockets } of userFeatures) if (sockets !== undefined) drain.leaveTo(sockets);
          return drain.tasks();
        },
        asked: (from) => drain.asked(from),
        observe: (event) => {
          if (event.type === 'run-finished') drain.runEnded();
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
    delayFeature(shutdownDelay, { clock, isReached: () => undefined }),
    { prepare: () => drain.tasks() },
    workFeature(new InFlightWork(clock), inFlightPhase),
    ...features.map((make) => make(application)),
  ];
}

function delayFeature(
  shutdownDelay: number,
  ports: { readonly clock: Clock; readonly isReached: () => boolean | undefined },
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
    asked: (callers) => work.asked(callers),
  };
}

/** The server of the application, if it has one. */
function serverOf(host: HttpAdapterHost): Server | undefined {
  const server: unknown = host.httpAdapter?.getHttpServer();
  return server instanceof Server ? server : undefined;
}

/** What the adapter has its requests answered by: the application of Express, the instance of Fastify. */
function frameworkOf(adapter: object): unknown {
  const getInstance = memberOf(adapter, 'getInstance');
  return typeof getInstance === 'function' ? callMember(adapter, 'getInstance') : undefined;
}

/**
 * Calls back with the adapter that the application has, and with each that it is given later, as a testing module
 * gives it one: before any route is put on it.
 */
function eachAdapter(host: HttpAdapterHost, follow: (adapter: object) => void): void {
  let current: typeof host.httpAdapter | undefined = host.httpAdapter;
  if (isObject(current)) follow(current);
  const prototype: object = Object.getPrototypeOf(host);
  const native = Object.getOwnPropertyDescriptor(prototype, 'httpAdapter');
  if (native?.set === undefined) return;
  const set = native.set;
  Object.defineProperty(host, 'httpAdapter', {
    configurable: true,
    get: () => current,
    set(this: HttpAdapterHost, adapter: typeof host.httpAdapter) {
      Reflect.apply(set, this, [adapter]);
      if (adapter === current) return;
      current = adapter;
      if (isObject(adapter)) follow(adapter);
    },
  });
}
