import { of, type Entry, type Of, type ReportSketch, type TaskSketch } from '../journal.js';
import type { Observation } from '../observe.js';
import type { ProviderSpec, Scenario } from '../scenario.js';
import { knownPhases, type KnownPhase } from './known-phases.js';
import { allTasks, livesOf, type Life, type Moment } from './lives.js';

export type { Life } from './lives.js';

/** What a random process did against a rule. */
export interface Violation {
  /** A name of `RULES`. */
  readonly rule: string;
  readonly what: string;
}

/** Finds what was done against one rule. */
export type Rule = (facts: Facts) => readonly string[];

/** An observation, put in order. */
export interface Facts {
  readonly observation: Observation;
  readonly scenario: Scenario;
  readonly entries: readonly Entry[];
  readonly phases: ReadonlyMap<string, KnownPhase>;
  /** The phase that features which drain go to. */
  readonly drainPhase: string;
  readonly lives: readonly Life[];
  readonly runStart: (Moment & Of<'run'>) | undefined;
  readonly runEnd: Moment | undefined;
  /** The report as the process had it at the end of the run, or as it was stored. */
  readonly report: ReportSketch | undefined;
  readonly exit: Moment | undefined;
  /** Milliseconds for which handlers block the event loop, in all. */
  readonly blockedMs: number;
}

/** Milliseconds that a busy machine may keep a process from its turn. */
export const TOLERANCE = 3_000;

export function factsOf(observation: Observation): Facts {
  const { scenario, entries, stored } = observation;
  const phases = knownPhases(scenario);
  const moment = (entry: Entry): Moment => ({ index: entries.indexOf(entry), at: entry.at });
  const runs = of(entries, 'run');
  const start = runs.find(({ step }) => step === 'started');
  const end = runs.find(({ step }) => step === 'finished');
  const exit = of(entries, 'exit')[0];
  const written = of(entries, 'report')[0]?.report;
  const all = allTasks(scenario);
  return {
    observation,
    scenario,
    entries,
    phases,
    drainPhase: phases.has('drain')
      ? 'drain'
      : ([...phases.keys()].find((name) => name !== 'unready') ?? 'unready'),
    lives: livesOf(entries, scenario, start),
    runStart: start && { ...start, ...moment(start) },
    runEnd: end && moment(end),
    report: written ?? (typeof stored === 'string' ? undefined : stored),
    exit: exit && moment(exit),
    blockedMs: all.reduce((sum, { behaviour }) => sum + (behaviour.kind === 'block' ? behaviour.ms : 0), 0),
  };
}

/** When the engine was done with a task: it settled, or its signal aborted. */
export function over({ abort, settled }: Life): Moment | undefined {
  if (abort === undefined || settled === undefined) return abort ?? settled;
  return abort.index < settled.index ? abort : settled;
}

/** How a task ended, by the journal alone; `running` where it had not. */
export function outcomeOf(life: Life): 'completed' | 'failed' | 'timed-out' | 'running' {
  const end = over(life);
  if (end === undefined) return 'running';
  if (end === life.abort) return 'timed-out';
  return life.settled?.how === 'fail' ? 'failed' : 'completed';
}

/**
 * Whether a task was registered when its phase had ended: `unknown` where the journal does not tell, since the two
 * phases do not wait for each other.
 */
export function straggles({ origin, registered, phase }: Life, facts: Facts): boolean | 'unknown' {
  if (origin === 'planned') return false;
  const { by } = registered ?? {};
  const registrar = facts.lives.find(({ name }) => name === by?.task);
  if (by === undefined || registrar === undefined || registrar.fate === 'disposed') return 'unknown';
  // The phase of one that straggles itself has ended before.
  if (by.phase === phase) return straggles(registrar, facts);
  if (facts.phases.get(phase)?.before.has(by.phase) === true) {
    return straggles(registrar, facts) === false ? false : 'unknown';
  }
  return facts.phases.get(by.phase)?.before.has(phase) === true ? true : 'unknown';
}

/** Whether one provider injects another, directly or through others. */
export function injects(from: number, to: number, providers: readonly ProviderSpec[]): boolean {
  const direct = providers.find(({ id }) => id === from)?.injects ?? [];
  return direct.some((each) => each === to || injects(each, to, providers));
}

/** The entries of the report by the name of the task. */
export function reported(
  report: ReportSketch | undefined,
): ReadonlyMap<string, TaskSketch & { readonly phase: string }> {
  return new Map(
    (report?.phases ?? []).flatMap(({ name: phase, tasks }) =>
      tasks.map((task) => [task.name, { ...task, phase }] as const),
    ),
  );
}

/** Everything that the process wrote to its log. */
export function logOf(facts: Facts): string {
  return [facts.observation.stdout, facts.observation.stderr, loggedOf(facts)].join('\n');
}

/** Whether what a hook threw kept Nest from closing the rest. Where nothing is logged, the hook alone shows it. */
export function couldNotClose(facts: Facts): boolean {
  const { entries, scenario } = facts;
  if (logOf(facts).includes('Nest could not close the application')) return true;
  return scenario.logger === 'none' && of(entries, 'hook').some(({ step }) => step === 'fail');
}

/** What a logger of the app was given. */
export function loggedOf({ entries }: Facts): string {
  return of(entries, 'log')
    .map(({ text }) => text)
    .join('\n');
}
