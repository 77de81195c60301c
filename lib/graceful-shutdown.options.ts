import type { LoggerService } from '@nestjs/common';
import type { ShutdownFeatureFactory } from './feature.js';
import { readHttpOptions, type HttpOptions, type HttpSettings } from './http/http.options.js';
import {
  BOOLEAN,
  checkKeys,
  isDuration,
  isKind,
  isOneOf,
  isRecord,
  isTimeout,
  shown,
  type Place,
} from './plan/check-setting.js';
import { MistakeList } from './plan/mistake.js';
import type { PhaseGraph } from './plan/phase-graph.js';
import { DEFAULT_PHASES, type PhaseOptions } from './plan/phase.js';
import { RESERVE } from './plan/time-budget.js';
import { UserPhases } from './plan/user-phases.js';
import { readProbesOptions, type ProbesOptions, type ProbesSettings } from './probes/probes.options.js';
import type { Platform } from './process/process-port.js';
import { isAbortSignal, signalsOf } from './process/trigger.options.js';
import {
  readReportOptions,
  type ReportOptions,
  type ReportSettings,
} from './report-output/report.options.js';
import { readDoctorOptions, type DoctorOptions } from './startup-checks/doctor.options.js';
import type { FindingCode } from './startup-checks/finding.js';

/** How the process exits after a shutdown that was triggered from outside or by an error. */
export type ExitMode = 'code' | 'signal' | 'none';

/** The Nest hook at which the phases run. */
export type RunAt = 'module-destroy' | 'before-application-shutdown';

const EXIT_MODES: readonly ExitMode[] = ['code', 'signal', 'none'];
const RUN_AT: readonly RunAt[] = ['module-destroy', 'before-application-shutdown'];

/** The options of `GracefulShutdownModule`. All times are in milliseconds. */
export interface GracefulShutdownOptions {
  /**
   * The phases, in order. `unready` is prepended if the list does not contain it.
   * @default DEFAULT_PHASES
   */
  readonly phases?: readonly PhaseOptions[];
  /**
   * How long phase `unready` waits until load balancers have stopped sending requests. The app still serves during this
   * time. Only shutdowns that are triggered from outside wait, such as by a signal; `app.close()` and `run()` do not.
   * @default 5 000 on Kubernetes (`KUBERNETES_SERVICE_HOST` is set), 0 elsewhere
   */
  readonly shutdownDelay?: number;
  /**
   * The time from the signal to the kill by the platform, such as `terminationGracePeriodSeconds` on Kubernetes. The
   * phases end one second before.
   * @default 30 000
   */
  readonly gracePeriod?: number;
  /**
   * How the HTTP servers of the app are drained. `false`: only Nest closes them.
   * @default { phase: 'drain', idleGrace: 300, late: 'serve' }
   */
  readonly http?: HttpOptions | false;
  /**
   * Paths that answer the readiness and liveness probes of a platform.
   * @default none
   */
  readonly probes?: ProbesOptions;
  /**
   * The phase that waits for work tracked by `InFlightWork` and `@InFlight()`.
   * @default { phase: 'drain' }; without a phase `drain`, the first phase after `unready`
   */
  readonly inFlight?: { readonly phase?: string };
  /**
   * Optional drains, each from its own entry point: `drainMicroservices()`, `drainGateways()`, `drainWorkers()`,
   * `drainSchedules()`.
   * @default []
   */
  readonly features?: readonly ShutdownFeatureFactory[];
  /**
   * The signals that trigger the shutdown. Requires `enableGracefulShutdown`. `[]`: none.
   * @default ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGABRT', 'SIGUSR2']; on Windows SIGBREAK instead of SIGUSR2.
   * SIGUSR2 is omitted if it has a listener when the package is loaded, such as that of Node's `--heapsnapshot-signal`.
   */
  readonly signals?: readonly string[];
  /**
   * Whether the message `shutdown` from the parent process triggers the shutdown. PM2 sends it.
   * @default false
   */
  readonly ipc?: boolean;
  /**
   * Whether uncaught exceptions and unhandled rejections trigger the shutdown. The process then exits with code 1.
   * @default false
   */
  readonly fatalErrors?: boolean;
  /**
   * Triggers the shutdown when it aborts, like a process signal. Requires `enableGracefulShutdown`. For apps that run
   * inside a larger program.
   * @default none
   */
  readonly abortSignal?: AbortSignal;
  /**
   * How the process exits:
   *
   * - `'code'`: with code 0 after a clean shutdown, with code 1 otherwise.
   * - `'signal'`: like `'code'`, but raises the signal again if one triggered the shutdown.
   * - `'none'`: only sets `process.exitCode`, and leaves the exit to the app.
   *
   * An exit code other than 0 that the app has set is kept.
   * @default 'code'
   */
  readonly exit?: ExitMode;
  /**
   * When the phases run: before all `onModuleDestroy` hooks, or later, with the `beforeApplicationShutdown` hooks.
   * @default 'module-destroy'
   */
  readonly runAt?: RunAt;
  /**
   * The startup checks, which warn about setups that break a shutdown. `false` disables all of them.
   * @default { ignore: [] }
   */
  readonly doctor?: DoctorOptions | false;
  /**
   * Where the report goes in addition to the log: a file, the termination log of the platform, a function.
   * @default {}
   */
  readonly report?: ReportOptions;
  /**
   * The interval at which the log lists what the shutdown still waits for.
   * @default 5 000
   */
  readonly progressInterval?: number;
  /**
   * The logger; `false` for none. If the logger throws, the line goes to standard error.
   * @default Nest's `Logger`
   */
  readonly logger?: LoggerService | false;
}

/** The options with their defaults, and the problems that were found in them. */
export interface ShutdownSettings extends Readonly<
  Required<
    Omit<
      GracefulShutdownOptions,
      'phases' | 'http' | 'probes' | 'inFlight' | 'abortSignal' | 'doctor' | 'report' | 'logger'
    >
  >
> {
  readonly abortSignal: AbortSignal | undefined;
  readonly http: HttpSettings | false;
  readonly probes: ProbesSettings | undefined;
  readonly report: ReportSettings;
  readonly phaseGraph: PhaseGraph;
  readonly inFlightPhase: string;
  /** The phase that the option of a feature names, or its default. */
  readonly featurePhase: (named: unknown, path: string) => string;
  /** The codes of the findings that are not logged. */
  readonly silenced: readonly FindingCode[];
  readonly logger: LoggerService | false | undefined;
  readonly mistakes: MistakeList;
}

const OPTION_KEYS: readonly (keyof GracefulShutdownOptions)[] = [
  'phases',
  'shutdownDelay',
  'gracePeriod',
  'http',
  'probes',
  'inFlight',
  'features',
  'signals',
  'ipc',
  'fatalErrors',
  'abortSignal',
  'exit',
  'runAt',
  'doctor',
  'report',
  'progressInterval',
  'logger',
];

/**
 * Checks the options and applies the defaults. Never throws: problems are added to `mistakes` and replaced by defaults,
 * so that one error can report all of them.
 */
export function resolveOptions(written: unknown, platform: Platform): ShutdownSettings {
  const mistakes = new MistakeList();
  if (!isRecord(written)) {
    mistakes.add(
      'SHUTDOWN_INVALID_OPTION',
      'options',
      `expected an object with options, got ${shown(written)}.`,
    );
  }
  const options: Readonly<Record<string, unknown>> = isRecord(written) ? written : {};
  checkKeys(options, OPTION_KEYS, { path: '', mistakes });
  const read = <T>(
    key: keyof GracefulShutdownOptions,
    check: (value: unknown, place: Place) => value is T,
    fallback: T,
  ): T => {
    const value = options[key];
    return value !== undefined && check(value, { path: key, mistakes }) ? value : fallback;
  };

  const shutdownDelay = read('shutdownDelay', isDuration, platform.inKubernetes ? 5_000 : 0);
  const gracePeriod = read('gracePeriod', isGracePeriod, 30_000);
  const { phases: list = DEFAULT_PHASES } = options;
  const phases = new UserPhases(list, { shutdownDelay, mistakes });
  return Object.freeze({
    phaseGraph: phases.graph,
    shutdownDelay,
    gracePeriod,
    http: readHttpOptions(options['http'], { path: 'http', mistakes, phases }),
    probes: readProbesOptions(options['probes'], { path: 'probes', mistakes }),
    inFlightPhase: readInFlightPhase(options['inFlight'], phases, mistakes),
    featurePhase: (named: unknown, path: string) => phases.featurePhase(named, path),
    features: read('features', areFeatures, []),
    signals: read('signals', signalsOf(platform), platform.defaultSignals),
    ipc: read('ipc', isBoolean, false),
    fatalErrors: read('fatalErrors', isBoolean, false),
    abortSignal: read<AbortSignal | undefined>('abortSignal', isAbortSignal, undefined),
    exit: read('exit', isExitMode, 'code'),
    runAt: read('runAt', isRunAt, 'module-destroy'),
    silenced: readDoctorOptions(options['doctor'], { path: 'doctor', mistakes }),
    report: readReportOptions(options['report'], { path: 'report', mistakes }),
    progressInterval: read('progressInterval', isTimeout, 5_000),
    logger: read<LoggerService | false | undefined>('logger', isLogger, undefined),
    mistakes,
  });
}

function readInFlightPhase(written: unknown, phases: UserPhases, mistakes: MistakeList): string {
  const path = 'inFlight';
  if (written !== undefined && !isRecord(written)) {
    mistakes.add('SHUTDOWN_INVALID_OPTION', path, `expected { phase }, got ${shown(written)}.`);
  }
  const { phase, ...rest } = isRecord(written) ? written : {};
  checkKeys({ phase, ...rest }, ['phase'], { path, mistakes });
  return phases.featurePhase(phase, `${path}.phase`);
}

function areFeatures(value: unknown, place: Place): value is readonly ShutdownFeatureFactory[] {
  const named = 'a list of features, such as drainMicroservices()';
  const test = (each: unknown): each is readonly ShutdownFeatureFactory[] =>
    Array.isArray(each) && each.every((feature) => typeof feature === 'function');
  return isKind(value, { named, test }, place);
}

function isGracePeriod(value: unknown, place: Place): value is number {
  if (!isTimeout(value, place)) return false;
  if (value > RESERVE) return true;
  place.mistakes.add(
    'SHUTDOWN_INVALID_TIMEOUT',
    place.path,
    `expected more than ${RESERVE} ms, which are reserved for the exit of the process, got ${value} ms. Set it to the time that the platform waits between the signal and the kill.`,
  );
  return false;
}

function isBoolean(value: unknown, place: Place): value is boolean {
  return isKind(value, BOOLEAN, place);
}

function isExitMode(value: unknown, place: Place): value is ExitMode {
  return isOneOf(value, EXIT_MODES, place);
}

function isRunAt(value: unknown, place: Place): value is RunAt {
  return isOneOf(value, RUN_AT, place);
}

function isLogger(value: unknown, place: Place): value is LoggerService | false {
  const named = "false or a logger with the methods 'log', 'warn' and 'error'";
  const test = (each: unknown): each is LoggerService | false =>
    each === false ||
    (typeof each === 'object' &&
      each !== null &&
      ['log', 'warn', 'error'].every((method) => typeof Reflect.get(each, method) === 'function'));
  return isKind(value, { named, test }, place);
}
