import { of, type Entry, type Of, type ReportSketch, type TaskSketch } from '../journal.js';
import type { Observation } from '../observe.js';
import type { PhaseSpec, ProviderSpec, Scenario, TaskSpec } from '../scenario.js';

/** What a random process did against a rule. */
export interface Violation {
  /** A name of `RULES`. */
  readonly rule: string;
  readonly what: string;
}

/** Finds what was done against one rule. */
export type Rule = (facts: Facts) => readonly string[];

/** Where a line of the journal stands, and when it was written. */
export interface Moment {
  readonly index: number;
  readonly at: number;
}

/** What the journal says of one task. */
export interface Life {
  readonly name: string;
  readonly phase: string;
  readonly spec: TaskSpec | undefined;
  /** `planned`: found or registered before the run; `nested`: registered while it went on. */
  readonly origin: 'planned' | 'nested';
  /** The provider that it belongs to. */
  readonly owner: number | undefined;
  readonly starts: readonly (Moment & { readonly deadline: number })[];
  readonly abort: Moment | undefined;
  readonly settled: (Moment & { readonly how: 'end' | 'fail' }) | undefined;
  readonly registered:
    | (Moment & {
        readonly by: { readonly task: string; readonly phase: string } | undefined;
        readonly refused: boolean;
      })
    | undefined;
  /** Taken out, or run ahead of its turn, by somebody else. */
  readonly fate: 'left alone' | 'withdrawn' | 'disposed';
}

/** A phase with its defaults, and every phase that ends before it starts. */
export interface KnownPhase {
  readonly name: string;
  readonly mode: string;
  readonly timeout: number;
  readonly enabled: boolean;
  readonly aborts: boolean;
  readonly before: ReadonlySet<string>;
}

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

function allTasks({ providers, registered }: Scenario): readonly TaskSpec[] {
  return [...providers.flatMap(({ handlers }) => handlers), ...registered];
}

const DEFAULT: readonly PhaseSpec[] = [
  { name: 'drain', timeout: 15_000 },
  { name: 'flush', timeout: 3_000 },
  { name: 'close', timeout: 5_000, mode: 'dependency' },
];

function knownPhases({ options }: Scenario): ReadonlyMap<string, KnownPhase> {
  const listed: readonly PhaseSpec[] = [
    { name: 'unready', timeout: options.shutdownDelay + 1_000 },
    ...(options.phases ?? DEFAULT),
  ];
  const known = new Map<string, KnownPhase>();
  listed.forEach(({ name, mode = 'parallel', timeout, after, onFailure, enabled = true }, index) => {
    const previous = listed[index - 1];
    const direct = after ?? (previous === undefined ? [] : [previous.name]);
    const before = new Set(direct.flatMap((each) => [each, ...(known.get(each)?.before ?? [])]));
    known.set(name, { name, mode, timeout, enabled, aborts: onFailure === 'abort', before });
  });
  return known;
}

function livesOf(
  entries: readonly Entry[],
  scenario: Scenario,
  runStart: Entry | undefined,
): readonly Life[] {
  const owners = new Map<string, number>();
  for (const { id, handlers } of scenario.providers) for (const { name } of handlers) owners.set(name, id);
  for (const { name, owner } of scenario.registered) if (owner !== undefined) owners.set(name, owner);
  const specs = new Map(allTasks(scenario).map((task) => [task.name, task]));
  const traces = tracesOf(entries);
  for (const name of specs.keys()) if (!traces.has(name)) traces.set(name, newTrace());
  const begun = runStart === undefined ? Infinity : entries.indexOf(runStart);
  return Array.from(traces, ([name, trace]): Life => {
    const spec = specs.get(name);
    const { registered, phase, ...rest } = trace;
    const isNested = spec === undefined && registered !== undefined && registered.index > begun;
    return {
      name,
      phase: spec?.phase ?? phase ?? '',
      spec,
      owner: owners.get(name),
      origin: isNested ? 'nested' : 'planned',
      registered,
      ...rest,
    };
  });
}

type Trace = {
  -readonly [K in 'abort' | 'settled' | 'registered' | 'fate']: Life[K];
} & { readonly starts: Life['starts'][number][]; phase: string | undefined };

function newTrace(): Trace {
  const nothing = { abort: undefined, settled: undefined, registered: undefined, phase: undefined };
  return { ...nothing, fate: 'left alone', starts: [] };
}

function tracesOf(entries: readonly Entry[]): Map<string, Trace> {
  const traces = new Map<string, Trace>();
  const traceOf = (name: string): Trace => {
    const trace = traces.get(name) ?? newTrace();
    traces.set(name, trace);
    return trace;
  };
  entries.forEach((entry, index) => {
    const moment = { index, at: entry.at };
    if (entry.what === 'task') {
      const trace = traceOf(entry.task);
      if (entry.step === 'start') trace.starts.push({ ...moment, deadline: entry.deadline });
      else if (entry.step === 'abort') trace.abort ??= moment;
      else trace.settled ??= { ...moment, how: entry.step };
    } else if (entry.what === 'registered') {
      const trace = traceOf(entry.task);
      trace.phase = entry.phase;
      trace.registered = { ...moment, by: entry.by, refused: entry.refused !== undefined };
    } else if (entry.what === 'withdrawn') {
      if (entry.done) traceOf(entry.task).fate = 'withdrawn';
    } else if (entry.what === 'disposed' && entry.step === 'asked') {
      const trace = traceOf(entry.task);
      if (trace.fate === 'left alone') trace.fate = 'disposed';
    }
  });
  return traces;
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
export function logOf({ observation, entries }: Facts): string {
  return [observation.stdout, observation.stderr, ...of(entries, 'log').map(({ text }) => text)].join('\n');
}
