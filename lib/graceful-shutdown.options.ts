import type { LoggerService } from '@nestjs/common';
import type { Platform } from './lifecycle/process-port.js';
import {
  BOOLEAN,
  MAX_TIMEOUT,
  checkKeys,
  isDuration,
  isKind,
  isName,
  isOneOf,
  isRecord,
  isTimeout,
  shown,
  type Place,
} from './plan/check-setting.js';
import { MistakeList } from './plan/mistake.js';
import { nameAdvice } from './plan/nearest-name.js';
import { DEFAULT_PHASES, DRAIN_PHASE, UNREADY_PHASE, type PhaseOptions } from './plan/phase.js';
import { PhaseGraph } from './plan/phase-graph.js';

/** With what the process ends after a shutdown that a signal, a message or an error asked for. */
export type ExitMode = 'code' | 'signal' | 'none';

/** Where among Nest's hooks the phases run. */
export type RunAt = 'module-destroy' | 'before-application-shutdown';

const EXIT_MODES: readonly ExitMode[] = ['code', 'signal', 'none'];
const RUN_AT: readonly RunAt[] = ['module-destroy', 'before-application-shutdown'];

/** Milliseconds of the grace period that are kept for the end of the process. */
export const RESERVE = 1_000;

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
   * The phase that waits for tracked work.
   * @default { phase: 'drain' }, or the first phase of a list without `drain`
   */
  readonly inFlight?: { readonly phase?: string };
  /**
   * The signals that start the shutdown, with `enableGracefulShutdown`. `[]` for none.
   * @default ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'], and SIGBREAK on Windows
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
   * `'code'`: 0 after a clean shutdown, 1 otherwise. `'signal'`: the signal is raised again. `'none'`: the
   * process is left alone.
   * @default 'code'
   */
  readonly exit?: ExitMode;
  /**
   * Whether the phases run before every `onModuleDestroy`, or at `beforeApplicationShutdown`.
   * @default 'module-destroy'
   */
  readonly runAt?: RunAt;
  /**
   * How often the log says what is still awaited.
   * @default 5 000
   */
  readonly progressInterval?: number;
  /**
   * Where the log goes; `false` for nowhere.
   * @default Nest's Logger
   */
  readonly logger?: LoggerService | false;
}

/** The options with every default filled in, and what was wrong with them. */
export interface ShutdownSettings extends Readonly<
  Required<Omit<GracefulShutdownOptions, 'phases' | 'inFlight' | 'logger'>>
> {
  readonly phaseGraph: PhaseGraph;
  readonly inFlightPhase: string;
  readonly logger: LoggerService | false | undefined;
  readonly mistakes: MistakeList;
}

const OPTION_KEYS: readonly (keyof GracefulShutdownOptions)[] = [
  'phases',
  'shutdownDelay',
  'gracePeriod',
  'inFlight',
  'signals',
  'ipc',
  'fatalErrors',
  'exit',
  'runAt',
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
  const { phases = DEFAULT_PHASES } = options;
  const phaseGraph = readPhases(phases, shutdownDelay, mistakes);
  checkDelay(phaseGraph, shutdownDelay, mistakes);
  return Object.freeze({
    phaseGraph,
    shutdownDelay,
    gracePeriod,
    inFlightPhase: readFeaturePhase('inFlight', options['inFlight'], { phaseGraph, phases, mistakes }),
    signals: read('signals', signalsOf(platform), platform.defaultSignals),
    ipc: read('ipc', isBoolean, false),
    fatalErrors: read('fatalErrors', isBoolean, false),
    exit: read('exit', isExitMode, 'code'),
    runAt: read('runAt', isRunAt, 'module-destroy'),
    progressInterval: read('progressInterval', isTimeout, 5_000),
    logger: read<LoggerService | false | undefined>('logger', isLogger, undefined),
    mistakes,
  });
}

/** `unready` is always there, in front where the list lacks it, and lasts as long as its delay needs. */
function readPhases(phases: unknown, shutdownDelay: number, mistakes: MistakeList): PhaseGraph {
  if (!Array.isArray(phases) || phases.length === 0) return PhaseGraph.from(phases, mistakes);
  const list: readonly unknown[] = phases;
  const timeout = Math.min(shutdownDelay + 1_000, MAX_TIMEOUT);
  if (list.some(isUnready)) {
    return PhaseGraph.from(
      list.map((phase) =>
        isUnready(phase) && phase['timeout'] === undefined ? { ...phase, timeout } : phase,
      ),
      mistakes,
    );
  }
  const found = new MistakeList();
  const phaseGraph = PhaseGraph.from([{ name: UNREADY_PHASE, timeout }, ...list], found);
  // The user counts his own phases, without the one that stands in front of them.
  const asWritten = (text: string): string =>
    text.replace(/\bphases\[(\d+)\]/g, (_, index: string) => `phases[${Number(index) - 1}]`);
  for (const { code, path, message } of found.all) mistakes.add(code, asWritten(path), asWritten(message));
  return phaseGraph;
}

function isUnready(phase: unknown): phase is Readonly<Record<string, unknown>> {
  return isRecord(phase) && phase['name'] === UNREADY_PHASE;
}

function checkDelay(phaseGraph: PhaseGraph, shutdownDelay: number, mistakes: MistakeList): void {
  const unready = phaseGraph.phase(UNREADY_PHASE);
  if (unready === undefined || unready.timeout > shutdownDelay) return;
  mistakes.add(
    'SHUTDOWN_DELAY_EXCEEDS_PHASE',
    'shutdownDelay',
    `${shutdownDelay} ms does not fit into the ${unready.timeout} ms of the phase '${UNREADY_PHASE}', which waits for it. Leave the timeout of that phase out, or give it more.`,
  );
}

/** The phase of a feature: the one that its option names, else `drain`, else the first of the user's list. */
function readFeaturePhase(
  key: keyof GracefulShutdownOptions,
  option: unknown,
  {
    phaseGraph,
    phases,
    mistakes,
  }: { readonly phaseGraph: PhaseGraph; readonly phases: unknown; readonly mistakes: MistakeList },
): string {
  const listed = Array.isArray(phases)
    ? phases.flatMap((phase: unknown) => (isRecord(phase) ? [String(phase['name'])] : []))
    : [];
  const first = listed.find((name) => name !== UNREADY_PHASE) ?? UNREADY_PHASE;
  const fallback = listed.includes(DRAIN_PHASE) ? DRAIN_PHASE : first;
  if (option === undefined) return fallback;
  if (!isRecord(option)) {
    mistakes.add('SHUTDOWN_INVALID_OPTION', key, `expected { phase }, got ${shown(option)}.`);
    return fallback;
  }
  checkKeys(option, ['phase'], { path: key, mistakes });
  const { phase } = option;
  if (phase === undefined || !isName(phase, { path: `${key}.phase`, mistakes })) return fallback;
  if (phaseGraph.phase(phase)) return phase;
  mistakes.add(
    'SHUTDOWN_UNKNOWN_PHASE',
    `${key}.phase`,
    `there is no phase '${phase}'. ${nameAdvice(phase, phaseGraph.names)}`,
  );
  return fallback;
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

function signalsOf({ knownSignals }: Platform) {
  return (value: unknown, { path, mistakes }: Place): value is readonly string[] => {
    if (!Array.isArray(value)) {
      mistakes.add(
        'SHUTDOWN_INVALID_OPTION',
        path,
        `expected a list of signals, got ${shown(value)}. [] stands for none.`,
      );
      return false;
    }
    const before = mistakes.all.length;
    value.forEach((signal: unknown, index) => {
      if (knownSignals.some((known) => known === signal)) return;
      mistakes.add(
        'SHUTDOWN_INVALID_OPTION',
        `${path}[${index}]`,
        `${shown(signal)} is no signal that a process can handle here. ${nameAdvice(signal, knownSignals)}`,
      );
    });
    return mistakes.all.length === before;
  };
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
