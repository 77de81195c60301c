import type { LoggerService } from '@nestjs/common';
import type { ShutdownFeatureFactory } from './feature.js';
import { readHttpOptions, type HttpOptions, type HttpSettings } from './http/http.options.js';
import type { Platform } from './process/process-port.js';
import { isAbortSignal, signalsOf } from './process/trigger.options.js';
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
import { DEFAULT_PHASES, type PhaseOptions } from './plan/phase.js';
import type { PhaseGraph } from './plan/phase-graph.js';
import { RESERVE } from './plan/time-budget.js';
import { readProbesOptions, type ProbesOptions, type ProbesSettings } from './probes/probes.options.js';
import { UserPhases } from './plan/user-phases.js';
import {
  readReportOptions,
  type ReportOptions,
  type ReportSettings,
} from './report-output/report.options.js';
import { readDoctorOptions, type DoctorOptions } from './startup-checks/doctor.options.js';
import type { FindingCode } from './startup-checks/finding.js';

/** With what the process ends after a shutdown that a signal, a message or an error asked for. */
export type ExitMode = 'code' | 'signal' | 'none';

/** Where among Nest's hooks the phases run. */
export type RunAt = 'module-destroy' | 'before-application-shutdown';

const EXIT_MODES: readonly ExitMode[] = ['code', 'signal', 'none'];
const RUN_AT: readonly RunAt[] = ['module-destroy', 'before-application-shutdown'];

/** The options of `GracefulShutdownModule`. All times are in milliseconds. */
export interface GracefulShutdownOptions {
  /**
   * The phases in their order. `unready` is put in front where the list lacks it.
   * @default DEFAULT_PHASES
   */
  readonly phases?: readonly PhaseOptions[];
  /**
   * How long the phase `unready` waits, still serving, until load balancers noticed. Only a shutdown that
   * came from outside (a signal, the message of a parent) waits.
   * @default 5 000 where `KUBERNETES_SERVICE_HOST` is set, else 0
   */
  readonly shutdownDelay?: number;
  /**
   * What the platform grants from the signal to the kill. The run ends one second before.
   * @default 30 000
   */
  readonly gracePeriod?: number;
  /**
   * How the HTTP servers of the application are drained; `false` leaves them to Nest.
   * @default { phase: 'drain', idleGrace: 300, late: 'serve' }
   */
  readonly http?: HttpOptions | false;
  /**
   * Answers for the readiness and liveness probes of a platform.
   * @default none
   */
  readonly probes?: ProbesOptions;
  /**
   * The phase that waits for tracked work.
   * @default { phase: 'drain' }, or the first phase of a list without `drain`
   */
  readonly inFlight?: { readonly phase?: string };
  /**
   * What else drains: `drainMicroservices()`, `drainGateways()`, `drainWorkers()`, `drainSchedules()`, each from
   * an entry point of its own.
   * @default []
   */
  readonly features?: readonly ShutdownFeatureFactory[];
  /**
   * The signals that start the shutdown, with `enableGracefulShutdown`. `[]` for none.
   * @default ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGABRT', 'SIGUSR2'], on Windows SIGBREAK instead of
   * SIGUSR2. SIGUSR2 is left out where something listens to it as the package is loaded, such as Node with
   * `--heapsnapshot-signal`.
   */
  readonly signals?: readonly string[];
  /**
   * Whether the message `shutdown` from a parent process starts it, as PM2 sends it.
   * @default false
   */
  readonly ipc?: boolean;
  /**
   * Whether an uncaught exception and an unhandled rejection start it; the process then ends with 1.
   * @default false
   */
  readonly fatalErrors?: boolean;
  /**
   * Starts the shutdown when it aborts, as a signal does, with `enableGracefulShutdown`: for a program around the
   * application that has a signal of its own.
   * @default none
   */
  readonly abortSignal?: AbortSignal;
  /**
   * `'code'`: 0 after a clean shutdown, 1 otherwise. `'signal'`: the signal is raised again. `'none'`: the
   * process is left alone, and its `process.exitCode` set. A code other than 0 that the application has set is kept.
   * @default 'code'
   */
  readonly exit?: ExitMode;
  /**
   * Whether the phases run before every `onModuleDestroy`, or at `beforeApplicationShutdown`.
   * @default 'module-destroy'
   */
  readonly runAt?: RunAt;
  /**
   * What is looked for at boot that makes a shutdown go wrong; `false` silences all of it.
   * @default { ignore: [] }
   */
  readonly doctor?: DoctorOptions | false;
  /**
   * Where the report goes beside the log: a file, the platform's termination log, a function.
   * @default {}
   */
  readonly report?: ReportOptions;
  /**
   * How often the log says what is still awaited.
   * @default 5 000
   */
  readonly progressInterval?: number;
  /**
   * Where the log goes; `false` for nowhere. A line that the logger fails to take goes to standard error.
   * @default Nest's Logger
   */
  readonly logger?: LoggerService | false;
}

/** The options with every default filled in, and what was wrong with them. */
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
 * Checks the options and fills in the defaults. It never throws: what is wrong is in `mistakes`, with a
 * default in its place, so that all mistakes of a configuration can be told at once.
 */
export function resolveOptions(written: unknown, platform: Platform): ShutdownSettings {
  const mistakes = new MistakeList();
  if (!isRecord(written)) {
    mistakes.add('SHUTDOWN_INVALID_OPTION', 'options', `expected the options, got ${shown(written)}.`);
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
    `${value} ms leaves nothing for the phases: ${RESERVE} ms of it are kept for the end of the process. Give it what the platform grants from the signal to the kill.`,
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
